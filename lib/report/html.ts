/** HTML as text. Values are escaped unless they are markup already, so that no text from a log becomes markup. */
import { htmlText } from '../text/untrusted.ts';

/** A piece of markup that needs no escaping. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Value = Markup | string | number | undefined | false | readonly (Markup | string | number | undefined | false)[];

/** Markup with values put in: texts and numbers escaped, markup as it is, lists one after the other. */
export const html = (parts: TemplateStringsArray, ...values: readonly Value[]): Markup =>
  new Markup(parts.map((part, at) => part + textOf(values[at])).join(''));

function textOf(value: Value): string {
  if (value === undefined || value === false) return '';
  if (value instanceof Markup) return value.text;
  if (typeof value === 'object') return value.map(textOf).join('');
  return htmlText(String(value));
}

interface TableOptions {
  readonly id?: string;
  /** Names the region that scrolls. Each needs a name of its own. Default: the caption. */
  readonly label?: string;
  /** Whether it is only as wide as its content. */
  readonly isNarrow?: boolean;
}

/** A table whose first column names the rows. Cells of numbers are aligned to the right. */
export function table(
  caption: string,
  headings: readonly string[],
  rows: readonly (readonly (Markup | string | number)[])[],
  { id, label = caption, isNarrow = false }: TableOptions = {},
): Markup {
  const cell = (value: Markup | string | number, at: number) =>
    at === 0
      ? html`<th scope="row">${value}</th>`
      : typeof value === 'number'
        ? html`<td class="number">${value}</td>`
        : html`<td>${value}</td>`;
  return html`<div class="wide" tabindex="0" role="region" aria-label="${label}"><table${id ? html` id="${id}"` : ''}${isNarrow ? html` class="narrow"` : ''}>
<caption>${caption}</caption>
<thead><tr>${headings.map((heading, at) => html`<th scope="col"${typeof rows[0]?.[at] === 'number' ? html` class="number"` : ''}>${heading}</th>`)}</tr></thead>
<tbody>${rows.map((row) => html`<tr>${row.map(cell)}</tr>\n`)}</tbody>
</table></div>`;
}
