/** Names and ARNs that a CDK app knows at deployment only: a text with a token of the CDK stands for them. */
import { z } from 'zod';

/** A token as the CDK writes it into texts, for instance `${Token[TOKEN.1239]}`. */
const TOKEN = /\$\{Token\[[A-Za-z0-9._-]+\]\}/;

/** Whether the CDK fills in part of this text at deployment, so that its form cannot be checked now. */
export function isToken(text: string): boolean {
  return TOKEN.test(text);
}

/** A text of this form, or one with a token of the CDK. The JSON schema, which is for files, has the form alone. */
export function textOrToken(form: RegExp, message: string): z.ZodString {
  return z
    .string()
    .regex(new RegExp(`${form.source}|${TOKEN.source}`), message)
    .meta({ pattern: form.source });
}
