/**
 * An alert as a custom notification of Amazon Q Developer in chat applications, which shows it in Slack or Teams. Any
 * body that breaks its rules is dropped there without an error, so all texts are cut to its limits.
 */
import { arnsOf } from '../finding/arns.ts';
import type { AlertEvent } from '../finding/lifecycle.ts';
import { type Finding, restsOnSignals, type Severity } from '../finding/model.ts';
import { chatCode, chatText } from '../text/untrusted.ts';
import { countOf, grouped } from '../text/wording.ts';
import { listSince, showFinding } from './commands.ts';
import { backgroundLine, type DigestBody, entryLine, severityCounts, timeOf } from './digest.ts';
import { alertSubject } from './message.ts';
import { activeLines } from './most-active.ts';
import { signalLines } from './signal-text.ts';
import { type AlertPlace, answered, closing, firstAction, howMuch, inShort, isOurs, who } from './text.ts';

/** https://docs.aws.amazon.com/chatbot/latest/adminguide/custom-notifs.html */
export interface ChatMessage {
  readonly version: '1.0';
  readonly source: 'custom';
  readonly id: string;
  readonly content: {
    readonly textType: 'client-markdown';
    readonly title: string;
    readonly description: string;
    readonly nextSteps?: readonly string[];
    readonly keywords: readonly string[];
  };
  readonly metadata: {
    /** Messages with the same id are one thread. */
    readonly threadId: string;
    readonly summary: string;
    readonly eventType: string;
    readonly relatedResources?: readonly string[];
    readonly additionalContext: Readonly<Record<string, string>>;
  };
}

/** Characters that Amazon Q shows. */
export const CHAT_LIMITS = { title: 250, description: 8000, nextStep: 350, keyword: 75 } as const;

const CUT = ' ...';

/** The message about a finding. All messages about it are one thread. */
export function chatMessage(event: AlertEvent, finding: Finding, { deployment, tables }: AlertPlace): ChatMessage {
  const title = chatText(alertSubject(event, finding));
  const isOver = event === 'closed';
  const facts = [
    ...who(finding),
    ...(restsOnSignals(finding) ? signalLines(finding) : howMuch(finding)),
    ...(restsOnSignals(finding) ? [] : [`answered: ${answered(finding).join(', ')}`]),
    ...(isOver ? [] : finding.reasons.map(({ text }) => text)),
  ];
  return compose({
    id: `${finding.id}-${event}-${finding.severity}`,
    title,
    paragraphs: [
      [inShort(finding), isOurs(finding), isOver ? closing(finding) : ''].filter(Boolean).join(' '),
      facts.map((fact) => `- ${fact}`).join('\n'),
      `Finding ${finding.id}, deployment ${deployment}.`,
    ].map((paragraph) => paragraph.split('\n').map(chatText).join('\n')),
    nextSteps: isOver ? [] : [chatText(firstAction(finding)), code(showFinding(tables, finding.id))],
    keywords: [finding.severity, ...(finding.direction ? [finding.direction] : []), finding.kind, deployment],
    threadId: finding.id,
    eventType: event,
    resources: finding.source ? Object.values(arnsOf(finding.source)) : [],
    context: {
      deployment,
      finding: finding.id,
      severity: finding.severity,
      ...(finding.source?.accountId && { account: chatText(finding.source.accountId) }),
      ...(finding.source?.vpcId && { vpc: chatText(finding.source.vpcId) }),
    },
  });
}

/** The parts of a storm message's body for programs that the chat shows. */
export interface StormBody {
  readonly count: number;
  readonly hasMore: boolean;
  readonly bySeverity: Readonly<Record<string, number>>;
  readonly byKind: Readonly<Record<string, number>>;
  readonly worst: readonly { readonly id: string; readonly severity: Severity; readonly lastSeen: string }[];
}

/** One message about all alerts of a storm. The chat has no thread for it, since it is about many findings. */
export function chatStorm({ count, hasMore, bySeverity, byKind, worst }: StormBody, place: AlertPlace): ChatMessage {
  const { deployment, tables } = place;
  const listed = (counts: Readonly<Record<string, number>>) =>
    Object.entries(counts)
      .map(([word, number]) => `${grouped(number)} ${word}`)
      .join(', ');
  const [first] = worst;
  const since = worst.map(({ lastSeen }) => lastSeen).reduce((a, b) => (a < b ? a : b));
  const title = chatText(`Alert storm: ${countOf(count, 'alert')} in one message, worst ${first?.severity}`);
  return compose({
    id: `storm-${first?.id}-${count}`,
    title,
    paragraphs: [
      'The number of alerts exceeded the limit for five minutes, so the rest arrive together. No finding is lost.',
      chatText(`- by severity: ${listed(bySeverity)}`),
      chatText(`- by kind: ${listed(byKind)}`),
      ...(hasMore ? ['More alerts are waiting: the next message follows in five minutes.'] : []),
    ],
    nextSteps: [code(listSince(tables, since, first?.severity ?? 'high'))],
    keywords: ['storm', deployment],
    threadId: `storm-${first?.id}`,
    eventType: 'storm',
    resources: [],
    context: { deployment },
  });
}

/**
 * The digest of a day or an hour, as one message. Those of a day's hours are one thread. Its findings are below the
 * severity of chats, so they have no threads.
 */
export function chatDigest(digest: DigestBody, place: AlertPlace): ChatMessage {
  const {
    day,
    hour,
    since = `${day}T${hour ?? '00'}:00:00Z`,
    count,
    bySeverity,
    top = [],
    background,
    active,
  } = digest;
  const { deployment, tables } = place;
  const lines = top.map((entry) => chatText(`- ${entryLine(entry)}`));
  return compose({
    id: `digest-${day}${hour === undefined ? '' : `T${hour}`}`,
    title: chatText(`Digest of ${timeOf(day, hour)}: ${countOf(count, 'scan')} without an alert`),
    paragraphs: [
      `These scans were found on ${timeOf(day, hour)} (UTC) and raised no alert: ${severityCounts(bySeverity)}.`,
      ...(background ? [backgroundLine(background)] : []),
      ...fitting([...(active ? activeLines(active).map((line) => chatText(`- ${line}`)) : []), ...lines], DIGEST_LINES),
      chatText(`Deployment ${deployment}.`),
    ],
    nextSteps: [code(listSince(tables, since, 'informational'))],
    keywords: ['digest', deployment],
    threadId: `digest-${day}`,
    eventType: 'digest',
    resources: [],
    context: { deployment },
  });
}

/** Characters for the lines of a digest: the limit, less what is said around them. */
const DIGEST_LINES = CHAT_LIMITS.description - 1000;

/** As many whole lines as fit, and how many are left out. */
function fitting(lines: readonly string[], limit: number): string[] {
  let length = 0;
  const fit = lines.filter((line) => {
    length += line.length + 1;
    return length <= limit;
  });
  const left = lines.length - fit.length;
  return [fit.join('\n'), left > 0 ? `${countOf(left, 'further line')} left out.` : ''].filter(Boolean);
}

interface Parts {
  readonly id: string;
  readonly title: string;
  readonly paragraphs: readonly string[];
  readonly nextSteps: readonly string[];
  readonly keywords: readonly string[];
  readonly threadId: string;
  readonly eventType: string;
  readonly resources: readonly string[];
  readonly context: Readonly<Record<string, string>>;
}

function compose(parts: Parts): ChatMessage {
  const title = cut(parts.title, CHAT_LIMITS.title);
  // A command that is cut would do something else.
  const nextSteps = parts.nextSteps.filter((step) => step !== '' && step.length <= CHAT_LIMITS.nextStep);
  return {
    version: '1.0',
    source: 'custom',
    id: parts.id,
    content: {
      textType: 'client-markdown',
      title,
      description: cut(parts.paragraphs.join('\n\n'), CHAT_LIMITS.description),
      ...(nextSteps.length > 0 && { nextSteps }),
      keywords: parts.keywords.map((word) => cut(chatText(word), CHAT_LIMITS.keyword)),
    },
    metadata: {
      threadId: parts.threadId,
      summary: title,
      eventType: parts.eventType,
      ...(parts.resources.length > 0 && { relatedResources: parts.resources }),
      additionalContext: parts.context,
    },
  };
}

/** A printed command. Entities within code are decoded too. */
const code = (command: string): string => `\`${chatCode(command)}\``;

/** Cuts before an entity that would lose its end. */
const cut = (text: string, limit: number): string =>
  text.length <= limit ? text : text.slice(0, limit - CUT.length).replace(/&[a-z]*$/, '') + CUT;
