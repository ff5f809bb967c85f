/** The settings of the destinations that get alerts beside the subscribers of the alert topic. */
import { z } from 'zod';
import { SEVERITIES } from '../finding/model.ts';
import { checkUnique } from './checks.ts';
import { textOrToken } from './token.ts';

/** The directions of findings. */
const DIRECTIONS = ['lateral', 'inbound', 'outbound'] as const;

export const emailFilter = z
  .strictObject({
    minSeverity: z
      .enum(SEVERITIES)
      .default('informational')
      .describe('Alerts about findings below this severity are not mailed. Other subscribers still get them.'),
    directions: z
      .array(z.enum(DIRECTIONS))
      .min(1)
      .superRefine(checkUnique((direction) => direction))
      .default([...DIRECTIONS])
      .describe('Directions of findings that are mailed. Findings of signals alone have no direction and are mailed.'),
  })
  .optional()
  .describe(
    'Alerts that reach the addresses in emails, by a filter policy of SNS. A storm is mailed if one of its alerts would be, ' +
      'and the digest always. A change takes up to 15 minutes. To silence a finding for everybody, use minSeverity.',
  );

export const destinations = z
  .strictObject({
    eventBus: textOrToken(
      /^(none|new|arn:aws[a-z-]*:events:[a-z0-9-]+:\d{12}:event-bus\/[\w./-]{1,256})$/,
      'must be none, new, or the ARN of an event bus (arn:aws:events:REGION:ACCOUNT:event-bus/NAME)',
    )
      .default('none')
      .describe(
        'EventBridge bus that gets an event for each alert, and one for the digest. new: a bus that the stack creates. ' +
          'An ARN: your own bus, the default one or a custom one. In another account, its policy must admit the forward ' +
          'function. The bus must exist: EventBridge accepts events for one that does not, and drops them. About 1 USD ' +
          'for a million events.',
      ),
    eventFormat: z
      .enum(['finding', 'ocsf-1.3', 'ocsf-1.6', 'ocsf-1.8'])
      .default('finding')
      .describe(
        'Form of the detail of events. finding: as on the alert topic. ocsf-1.3, ocsf-1.6, ocsf-1.8: a Detection Finding of ' +
          'that version of OCSF, with the activities Create, Update and Close. Security Lake takes 1.3 at most.',
      ),
    chat: z
      .strictObject({
        minSeverity: z
          .enum(SEVERITIES)
          .default('high')
          .describe(
            'Alerts about findings below this severity stay out of the chat. Those below the general minSeverity are no ' +
              'alerts at all.',
          ),
      })
      .optional()
      .describe(
        'A topic of its own (output ChatTopic) for Slack and Teams through Amazon Q Developer in chat applications. ' +
          'Subscribe channels to this topic, and nothing else to it.',
      ),
    securityHub: z
      .boolean()
      .default(false)
      .describe(
        'Whether findings are imported into Security Hub CSPM, which must be enabled in the account and Region of the ' +
          'stack. They belong to that account, also if the source is in another one, which they name as a resource.',
      ),
  })
  .prefault({})
  .describe('Destinations of alerts beside the subscribers of the alert topic. Each is off by default.');
