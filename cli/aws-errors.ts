/** Explains errors of AWS clients about missing or expired credentials and Regions, with what to do. */

/** The explanation of an error. Undefined if its own message is as good. */
export function describeAwsError(error: Error): string | undefined {
  const { name, message } = error;
  if (/region is missing/i.test(message))
    return 'no AWS Region is set. Give --region REGION, set $AWS_REGION, or set a region in the profile';
  if (/sso/i.test(message) && /expired|invalid|refresh/i.test(message))
    return `the SSO session has expired or was never started. Run "aws sso login" with the same profile (${message})`;
  if (/^(ExpiredToken|ExpiredTokenException|RequestExpired|TokenRefreshRequired)$/.test(name))
    return `the AWS credentials have expired. Get new ones and repeat the command (${message})`;
  if (name === 'CredentialsProviderError' || /could not load credentials/i.test(message))
    return `no AWS credentials were found. Give --profile NAME, or set $AWS_PROFILE or credentials in the environment (${message})`;
  if (/^(UnrecognizedClientException|InvalidClientTokenId|InvalidAccessKeyId|SignatureDoesNotMatch)$/.test(name))
    return `AWS does not accept these credentials. Check --profile and the environment (${message})`;
  return undefined;
}
