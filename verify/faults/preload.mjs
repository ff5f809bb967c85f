/**
 * Loaded before a function's bundle: points its AWS clients at the proxies that misbehave, lets its clock be put forward, and
 * tells how much memory it holds.
 */
import { appendFileSync, readFileSync } from 'node:fs';

const { FAULTS_ENDPOINT, FAULTS_DYNAMODB, FAULTS_CLOCK, FAULTS_MEMORY, ALERT_QUEUE_URL } = process.env;
process.env.AWS_ENDPOINT_URL = FAULTS_ENDPOINT;
process.env.AWS_ENDPOINT_URL_DYNAMODB = FAULTS_DYNAMODB;
// The client of SQS takes the host of the queue's URL for its endpoint.
if (ALERT_QUEUE_URL) process.env.ALERT_QUEUE_URL = new URL(new URL(ALERT_QUEUE_URL).pathname, FAULTS_ENDPOINT).href;

const LOOK_EVERY_MS = 20;
const MEMORY_EVERY_MS = 100;

const now = Date.now;
let looked = 0;
let ahead = 0;
Date.now = () => {
  const time = now();
  if (time - looked >= LOOK_EVERY_MS) {
    looked = time;
    ahead = Number(readFileSync(FAULTS_CLOCK, 'utf8'));
  }
  return time + ahead;
};

// To a file: what a function prints is an event of the local cloud, which would never be still.
setInterval(
  () =>
    appendFileSync(FAULTS_MEMORY, `${process.env.AWS_LAMBDA_FUNCTION_NAME} ${now()} ${process.memoryUsage.rss()}\n`),
  MEMORY_EVERY_MS,
).unref();
