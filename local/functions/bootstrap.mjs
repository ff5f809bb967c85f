/** Runs one Lambda bundle against the Runtime API named by its environment: what the AWS runtime does, without AWS. */
import { existsSync } from 'node:fs';
import { Agent, request } from 'node:http';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const { AWS_LAMBDA_RUNTIME_API = '', LAMBDA_TASK_ROOT = '', _HANDLER = '', ...env } = process.env;
const [host, port] = AWS_LAMBDA_RUNTIME_API.split(':');
const agent = new Agent({ keepAlive: true, maxSockets: 1 });

// The parent holds the other end of this pipe: however it ends, no function outlives it.
process.stdin
  .on('end', () => process.exit(0))
  .on('error', () => process.exit(0))
  .resume();

function call(method, name, body) {
  return new Promise((resolve, reject) => {
    const headers =
      body === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const outgoing = request(
      { host, port, agent, method, path: `/2018-06-01/runtime/${name}`, headers },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk) => {
          text += chunk;
        });
        response.on('end', () => resolve({ headers: response.headers, text }));
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

function describe(error) {
  return JSON.stringify({
    errorType: error?.name ?? 'Error',
    errorMessage: error?.message ?? String(error),
    trace: String(error?.stack ?? '').split('\n'),
  });
}

async function loadHandler() {
  const dot = _HANDLER.lastIndexOf('.');
  const [module, name] = [_HANDLER.slice(0, dot), _HANDLER.slice(dot + 1)];
  const files = ['.mjs', '.js', '.cjs'].map((extension) => path.join(LAMBDA_TASK_ROOT, module + extension));
  const file = files.find((candidate) => existsSync(candidate));
  if (file === undefined)
    throw new Error(`the handler is ${_HANDLER}, but the bundle has no ${module}.mjs, .js or .cjs`);
  const exports = await import(pathToFileURL(file).href);
  const handler = exports[name] ?? exports.default?.[name];
  if (typeof handler !== 'function')
    throw new Error(`the handler is ${_HANDLER}, but ${path.basename(file)} exports no function ${name}`);
  return handler;
}

function contextOf(headers) {
  const deadline = Number(headers['lambda-runtime-deadline-ms']);
  return {
    awsRequestId: headers['lambda-runtime-aws-request-id'],
    invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
    functionName: env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: env.AWS_LAMBDA_FUNCTION_VERSION,
    memoryLimitInMB: env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: env.AWS_LAMBDA_LOG_STREAM_NAME,
    callbackWaitsForEmptyEventLoop: true,
    // Not by Date, whose clock a test may put forward.
    getRemainingTimeInMillis: () => Math.max(0, deadline - (performance.timeOrigin + performance.now())),
  };
}

let handler;
try {
  handler = await loadHandler();
} catch (error) {
  await call('POST', 'init/error', describe(error));
  process.exit(1);
}
for (;;) {
  const { headers, text } = await call('GET', 'invocation/next');
  const context = contextOf(headers);
  let answer;
  try {
    answer = ['response', JSON.stringify(await handler(JSON.parse(text), context)) ?? 'null'];
  } catch (error) {
    answer = ['error', describe(error)];
  }
  await call('POST', `invocation/${context.awsRequestId}/${answer[0]}`, answer[1]);
}
