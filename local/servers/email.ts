/** Formats one notification as an RFC 5322 message, as a subscriber would receive it. */

/** One e-mail of plain text. */
export interface Email {
  fromName: string;
  fromAddress: string;
  to: string;
  subject: string;
  messageId: string;
  date: Date;
  text: string;
}

const MAX_LINE_OCTETS = 998;

/**
 * The message with CRLF line ends. Non-ASCII headers become encoded words, bodies with too long lines quoted-printable.
 */
export function formatEmail(email: Email): string {
  const text = email.text.replace(/\r\n|\r|\n/g, '\r\n');
  const isAscii = /^[\x20-\x7e\t\r\n]*$/.test(text);
  const fitsSmtp = text.split('\r\n').every((line) => Buffer.byteLength(line) <= MAX_LINE_OCTETS);
  const encoding = fitsSmtp ? (isAscii ? '7bit' : '8bit') : 'quoted-printable';
  return [
    `From: ${encodeHeader(email.fromName, true)} <${email.fromAddress}>`,
    `To: ${email.to.replace(/[\r\n]/g, '')}`,
    `Subject: ${encodeHeader(email.subject, false)}`,
    `Date: ${formatDate(email.date)}`,
    `Message-ID: <${email.messageId}>`,
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=utf-8',
    `Content-Transfer-Encoding: ${encoding}`,
    '',
    encoding === 'quoted-printable' ? encodeQuotedPrintable(text) : text,
    '',
  ].join('\r\n');
}

/** RFC 2822 dates in UTC. Date's own UTC format says GMT, which is an obsolete zone. */
function formatDate(date: Date): string {
  return date.toUTCString().replace('GMT', '+0000');
}

function encodeHeader(text: string, isPhrase: boolean): string {
  if (/^[\x20-\x7e]*$/.test(text)) return isPhrase ? `"${text.replace(/["\\]/g, '\\$&')}"` : text;
  // RFC 2047 allows 75 characters per word: 45 octets in base64 and the frame around them.
  const words: string[] = [''];
  for (const character of text.replace(/\p{Cc}/gu, ' ')) {
    const word = words.at(-1) ?? '';
    if (Buffer.byteLength(word + character) > 45) words.push(character);
    else words[words.length - 1] = word + character;
  }
  return words.map((word) => `=?UTF-8?B?${Buffer.from(word).toString('base64')}?=`).join('\r\n ');
}

function encodeQuotedPrintable(text: string): string {
  const lines = text.split('\r\n').map((line) => {
    const octets = [...Buffer.from(line)].map((octet) =>
      (octet >= 0x20 && octet <= 0x7e && octet !== 0x3d) || octet === 0x09
        ? String.fromCharCode(octet)
        : `=${octet.toString(16).toUpperCase().padStart(2, '0')}`,
    );
    const rows: string[] = [''];
    for (const octet of octets) {
      if ((rows.at(-1) ?? '').length + octet.length > 75) rows.push('');
      rows[rows.length - 1] += octet;
    }
    return rows.join('=\r\n').replace(/ $/, '=20');
  });
  return lines.join('\r\n');
}
