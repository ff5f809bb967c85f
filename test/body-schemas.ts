/** What is made of a finding for other programs, against their schemas and limits. `expectValidFinding` calls this. */
import { readFileSync } from 'node:fs';
import type { Ajv2020 } from 'ajv/dist/2020.js';
import { toAsff } from '../lib/finding/asff.ts';
import type { AlertEvent } from '../lib/finding/lifecycle.ts';
import type { Finding } from '../lib/finding/model.ts';
import { OCSF_VERSIONS, toOcsf } from '../lib/finding/ocsf.ts';
import { type BusEvent, busEvent } from '../lib/notify/bus-event.ts';
import { chatMessage } from '../lib/notify/chat.ts';
import { hubTexts } from '../lib/notify/hub-texts.ts';
import { asffProblem } from '../local/checks/asff.ts';
import { chatProblem } from '../local/servers/chats.ts';

/** A published schema. */
export const schemaAt = (name: string): object =>
  JSON.parse(readFileSync(new URL(`../docs/schemas/${name}.schema.json`, import.meta.url), 'utf8')) as object;

const PLACE = { deployment: 'sweepwatch', tables: { findings: 'findings', region: 'eu-west-1' } };
const AT = '2026-11-30T12:00:00.123Z';
const EVENTS: readonly AlertEvent[] = ['opened', 'escalated', 'closed'];

/** An event as a rule receives it. */
export const delivered = ({ detailType, detail, resources }: BusEvent): object => ({
  version: '0',
  id: '00000000-0000-4000-8000-000000000000',
  'detail-type': detailType,
  source: 'sweepwatch',
  account: '111122223333',
  time: '2026-11-30T12:00:00Z',
  region: 'eu-west-1',
  resources,
  detail: JSON.parse(detail) as unknown,
});

/** A finding as Security Hub gets it. */
export const asffOf = (event: AlertEvent, finding: Finding, updatedAt = '2026-11-30T12:00:00.123Z') =>
  toAsff(finding, {
    event,
    accountId: '111122223333',
    productArn: 'arn:aws:securityhub:eu-west-1:111122223333:product/111122223333/default',
    deployment: 'sweepwatch',
    updatedAt,
    ...hubTexts(event, finding),
  });

/** A check of all bodies of a finding. `ajv` knows the schema of findings as `finding.schema.json`. */
export function bodyChecks(ajv: Ajv2020): (finding: Finding) => string[] {
  const isEvent = ajv.compile(schemaAt('event'));
  const isOcsf = new Map(OCSF_VERSIONS.map((version) => [version, ajv.compile(schemaAt(`ocsf-${version}`))]));
  const problems = (what: string, validate: typeof isEvent, value: unknown): string[] =>
    validate(value)
      ? []
      : (validate.errors ?? []).map(({ instancePath, message }) => `${what}${instancePath} ${message}`);
  return (finding) =>
    EVENTS.flatMap((event) => [
      ...problems(`event ${event}`, isEvent, delivered(busEvent(event, finding, 'sweepwatch', 'finding', AT))),
      ...[...isOcsf].flatMap(([version, validate]) => [
        ...problems(`OCSF ${version}`, validate, JSON.parse(JSON.stringify(toOcsf(finding, version, event, AT)))),
        ...problems(
          `event in OCSF ${version}`,
          isEvent,
          delivered(busEvent(event, finding, 'sweepwatch', `ocsf-${version}`, AT)),
        ),
      ]),
      ...[chatProblem(JSON.stringify(chatMessage(event, finding, PLACE))) ?? []].flat().map((text) => `chat: ${text}`),
      ...[asffProblem(asffOf(event, finding)) ?? []].flat().map((text) => `ASFF: ${text}`),
    ]);
}
