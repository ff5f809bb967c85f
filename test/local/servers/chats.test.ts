/** What Amazon Q would not show, and says nothing of. */
import { expect, test } from '@jest/globals';
import type { LocalCloudEvent } from '../../../local/events.ts';
import { chatProblem, createChats } from '../../../local/servers/chats.ts';

const fine = { version: '1.0', source: 'custom', content: { title: 'a', description: 'b', nextSteps: ['c'] } };

test.each<[object | string, string | undefined]>([
  [fine, undefined],
  [{ ...fine, metadata: { threadId: 'x', summary: 'y', additionalContext: { a: 'b' } } }, undefined],
  ['hello', 'not JSON'],
  [[1], 'not an object'],
  [{ ...fine, version: '2.0' }, 'version is "2.0", expected "1.0"'],
  [{ ...fine, source: 'sweepwatch' }, 'source is "sweepwatch", expected "custom"'],
  [{ ...fine, content: undefined }, 'content is missing'],
  [{ ...fine, content: { title: 'a' } }, 'content.description is missing'],
  [
    { ...fine, content: { description: 'x'.repeat(8001) } },
    'content.description has 8001 characters, expected at most 8000',
  ],
  [
    { ...fine, content: { ...fine.content, title: 'x'.repeat(251) } },
    'content.title has 251 characters, expected at most 250',
  ],
  [
    { ...fine, content: { ...fine.content, nextSteps: ['x'.repeat(351)] } },
    'content.nextSteps has 351 characters, expected at most 350',
  ],
  [
    { ...fine, content: { ...fine.content, keywords: ['x'.repeat(76)] } },
    'content.keywords has 76 characters, expected at most 75',
  ],
  [{ ...fine, metadata: { threadId: 7 } }, 'metadata.threadId is not a text'],
  [{ ...fine, metadata: { additionalContext: { a: 1 } } }, 'metadata.additionalContext must map texts to texts'],
])('%#: the problem of a body', (body, problem) => {
  expect(chatProblem(typeof body === 'string' ? body : JSON.stringify(body))).toBe(problem);
});

test('a channel shows the messages of its topics, and drops the others of them with a reason', () => {
  const events: LocalCloudEvent[] = [];
  const chats = createChats((event) => events.push(event));
  const remove = chats.addChannel('soc', ['arn:a']);
  chats.publish('arn:a', JSON.stringify(fine));
  chats.publish('arn:a', 'a plain alert');
  chats.publish('arn:b', 'elsewhere');
  remove();
  chats.publish('arn:a', JSON.stringify(fine));
  expect(events).toEqual([
    { type: 'chat message shown', channel: 'soc', body: JSON.stringify(fine) },
    { type: 'chat message dropped', channel: 'soc', reason: 'not JSON' },
  ]);
});
