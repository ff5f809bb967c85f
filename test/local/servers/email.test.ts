/** E-mail files as RFC 5322 wants them. */
import { expect, test } from '@jest/globals';
import { formatEmail } from '../../../local/servers/email.ts';

const email = {
  fromName: 'Alerts "prod"',
  fromAddress: 'no-reply@sns.amazonaws.com',
  to: 'a@example.com',
  subject: 'plain subject',
  messageId: 'id@sns.local',
  date: new Date('2026-11-21T03:04:05Z'),
  text: 'one\ntwo',
};

test('a plain message has all headers and CRLF line ends', () => {
  expect(formatEmail(email).split('\r\n')).toEqual([
    'From: "Alerts \\"prod\\"" <no-reply@sns.amazonaws.com>',
    'To: a@example.com',
    'Subject: plain subject',
    'Date: Sat, 21 Nov 2026 03:04:05 +0000',
    'Message-ID: <id@sns.local>',
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=utf-8',
    'Content-Transfer-Encoding: 7bit',
    '',
    'one',
    'two',
    '',
  ]);
});

test('a subject that is not ASCII becomes encoded words that decode to it, each within 75 characters', () => {
  const subject = 'Scan von 10.0.0.1 → Größe '.repeat(4);
  const header = /Subject: ([\s\S]*?)\r\nDate/.exec(formatEmail({ ...email, subject }))?.[1] ?? '';
  const words = header.split('\r\n ');
  expect(words.every((word) => word.length <= 75)).toBe(true);
  expect(words.map((word) => Buffer.from(word.slice(10, -2), 'base64').toString()).join('')).toBe(subject);
});

test('a body that is not ASCII stays readable as 8bit', () => {
  const message = formatEmail({ ...email, text: 'Grüße' });
  expect(message).toContain('Content-Transfer-Encoding: 8bit');
  expect(message).toContain('\r\n\r\nGrüße\r\n');
});

test('a line too long for SMTP becomes quoted-printable', () => {
  const text = 'ü='.repeat(600);
  const message = formatEmail({ ...email, text });
  const body = message.slice(message.indexOf('\r\n\r\n') + 4, -2);
  expect(message).toContain('Content-Transfer-Encoding: quoted-printable');
  expect(body.split('\r\n').every((line) => line.length <= 76)).toBe(true);
  const octets = body
    .replace(/=\r\n/g, '')
    .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  expect(Buffer.from(octets, 'latin1').toString('utf8')).toBe(text);
});

test('a line break in a header cannot start another header', () => {
  const message = formatEmail({ ...email, subject: 'a\r\nBcc: b', to: 'a@example.com\r\nBcc: b' });
  expect(message).not.toMatch(/^Bcc/m);
});
