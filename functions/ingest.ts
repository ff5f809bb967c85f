/** What Lambda calls as the ingest function. */
import { createS3Client, createSqsClient } from '../lib/store/clients.ts';
import { deployed } from './handlers/deployment.ts';
import { ingestHandler } from './handlers/ingest.ts';

export const handler = ingestHandler(deployed(), { s3: createS3Client(), sqs: createSqsClient() });
