/** What Lambda calls as the settle function. */
import { createSnsClient, createSqsClient } from '../lib/store/clients.ts';
import { deployed } from './handlers/deployment.ts';
import { settleHandler } from './handlers/settle.ts';

export const handler = settleHandler(deployed(), { sns: createSnsClient(), sqs: createSqsClient() });
