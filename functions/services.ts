/** The services of a process that judges. */
import { Judge } from '../lib/pipeline/judge.ts';
import type { Clients, Services } from '../lib/pipeline/services.ts';
import { type BasicServices, basicLambdaServices, createBasicServices, type Means } from './basic-services.ts';

export { clientOf } from './basic-services.ts';

const withJudge = ({ judging, ...services }: BasicServices): Services => ({ ...services, judge: new Judge(judging) });

/** Creates the services. @throws if a variable is missing or SETTINGS cannot be read. */
export const createServices = (means: Means): Services => withJudge(createBasicServices(means));

/** The services of a Lambda function. @param clients the clients that it calls in addition to that of DynamoDB. */
export const lambdaServices = (clients: Omit<Clients, 'documents'>): Services =>
  withJudge(basicLambdaServices(clients));
