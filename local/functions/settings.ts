/** The settings that are needed to run a Lambda function, and the environment of its process. */
/** One function of the stack, everything resolved. */
export interface FunctionSettings {
  logicalId: string;
  name: string;
  arn: string;
  /** The folder of the bundle. */
  bundle: string;
  handler: string;
  memoryMegabytes: number;
  timeoutSeconds: number;
  /** The variables of the template. */
  variables: Record<string, string>;
  /** The AWS_* variables that point at the local cloud. */
  cloud: Record<string, string>;
}

/** The whole environment of the function's process. Only PATH comes from the parent. */
export function environmentOf(settings: FunctionSettings, runtimeApi: string): Record<string, string> {
  return {
    PATH: process.env.PATH ?? '',
    LANG: 'en_US.UTF-8',
    TZ: ':UTC',
    ...settings.variables,
    ...settings.cloud,
    AWS_LAMBDA_RUNTIME_API: runtimeApi,
    _HANDLER: settings.handler,
    LAMBDA_TASK_ROOT: settings.bundle,
    AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
    // Calls name the function in their user agent, so that a bucket of another account knows its role.
    AWS_SDK_UA_APP_ID: settings.logicalId,
    AWS_LAMBDA_FUNCTION_NAME: settings.name,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(settings.memoryMegabytes),
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${settings.name}`,
    AWS_LAMBDA_LOG_STREAM_NAME: 'local',
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
  };
}
