/** Amazon Q Developer in chat applications: shows messages of the topics of a channel, and drops what is not in its form. */
import type { EmitEvent } from '../events.ts';
import { isObject, show } from '../template/json.ts';

/** The channels of an account. */
export interface Chats {
  /** Adds a channel that shows what these topics publish, and returns how to remove it. */
  addChannel(name: string, topicArns: readonly string[]): () => void;
  /** Shows a body in the channels of a topic. */
  publish(topicArn: string, body: string): void;
}

/** An account without channels. */
export function createChats(emit: EmitEvent): Chats {
  const channels: { readonly name: string; readonly topicArns: readonly string[] }[] = [];
  return {
    addChannel(name, topicArns) {
      const channel = { name, topicArns };
      channels.push(channel);
      return () => void channels.splice(channels.indexOf(channel), 1);
    },
    publish(topicArn, body) {
      const problem = chatProblem(body);
      for (const { name: channel } of channels.filter(({ topicArns }) => topicArns.includes(topicArn)))
        emit(
          problem === undefined
            ? { type: 'chat message shown', channel, body }
            : { type: 'chat message dropped', channel, reason: problem },
        );
    },
  };
}

/** Limits of the texts in characters: https://docs.aws.amazon.com/chatbot/latest/adminguide/custom-notifs.html */
const CONTENT: Readonly<Record<string, number>> = { title: 250, description: 8000 };
const LISTS: Readonly<Record<string, number>> = { nextSteps: 350, keywords: 75 };
const METADATA = ['threadId', 'summary', 'eventType'];

/** Why a body is no custom notification. Undefined for one that is shown. */
export function chatProblem(body: string): string | undefined {
  let message: unknown;
  try {
    message = JSON.parse(body);
  } catch {
    return 'not JSON';
  }
  if (!isObject(message)) return 'not an object';
  if (message.version !== '1.0') return `version is ${show(message.version)}, expected "1.0"`;
  if (message.source !== 'custom') return `source is ${show(message.source)}, expected "custom"`;
  const { content, metadata = {} } = message;
  if (!isObject(content)) return 'content is missing';
  if (!isObject(metadata)) return 'metadata is not an object';
  if (content.description === undefined) return 'content.description is missing';
  if (content.textType !== undefined && content.textType !== 'client-markdown')
    return `content.textType is ${show(content.textType)}`;
  return (
    tooLong(content) ??
    METADATA.filter((name) => metadata[name] !== undefined && typeof metadata[name] !== 'string').map(
      (name) => `metadata.${name} is not a text`,
    )[0] ??
    contextProblem(metadata.additionalContext)
  );
}

function tooLong(content: Readonly<Record<string, unknown>>): string | undefined {
  const texts = [
    ...Object.entries(CONTENT).map(([name, limit]) => ({ name, limit, value: content[name] ?? '' })),
    ...Object.entries(LISTS).flatMap(([name, limit]) =>
      [content[name] ?? []].flat().map((value) => ({ name, limit, value })),
    ),
  ];
  for (const { name, limit, value } of texts) {
    if (typeof value !== 'string') return `content.${name} is not a text`;
    if (value.length > limit) return `content.${name} has ${value.length} characters, expected at most ${limit}`;
  }
  return undefined;
}

function contextProblem(context: unknown): string | undefined {
  if (context === undefined) return undefined;
  const isTexts = isObject(context) && Object.values(context).every((value) => typeof value === 'string');
  return isTexts ? undefined : 'metadata.additionalContext must map texts to texts';
}
