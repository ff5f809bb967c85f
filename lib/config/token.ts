/** Names and ARNs that a CDK app learns only at deployment. Until then the CDK puts a token in their place. */
import { z } from 'zod';

/** A token as the CDK writes it into texts, for instance `${Token[TOKEN.1239]}`. */
const TOKEN = /\$\{Token\[[A-Za-z0-9._-]+\]\}/;

/** Whether the CDK fills in part of this text at deployment, so that its form cannot be checked now. */
export function isToken(text: string): boolean {
  return TOKEN.test(text);
}

/** A text of this form, or one with a CDK token. The JSON schema has the form alone, since files contain no tokens. */
export function textOrToken(form: RegExp, message: string): z.ZodString {
  return z
    .string()
    .regex(new RegExp(`${form.source}|${TOKEN.source}`), message)
    .meta({ pattern: form.source });
}
