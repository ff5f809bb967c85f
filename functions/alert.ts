/** What Lambda calls as the alert function. */
import { createSnsClient } from '../lib/store/clients.ts';
import { alertHandler } from './handlers/alert.ts';
import { deployed } from './handlers/deployment.ts';

export const handler = alertHandler(deployed(), { sns: createSnsClient() });
