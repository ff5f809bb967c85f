/** JSON that is written over several lines, or whose end is missing. */

/** How many more brackets open than close, outside of texts. */
export function nesting(line: string): number {
  let depth = 0;
  let isText = false;
  for (let index = 0; index < line.length; index++) {
    const char = line[index];
    if (char === '\\' && isText) index += 1;
    else if (char === '"') isText = !isText;
    else if (!isText && (char === '{' || char === '[')) depth += 1;
    else if (!isText && (char === '}' || char === ']')) depth -= 1;
  }
  return depth;
}

/**
 * The value of JSON whose end was cut off, with what stands before the cut. A text that is cut stays as far as it goes.
 * Undefined if nothing can be made of it.
 */
export function readCutJson(text: string): unknown {
  const closers: string[] = [];
  let isText = false;
  /** The end of the last complete member, and how many brackets were open there. */
  let complete = 0;
  let completeClosers: string[] = [];
  for (let index = 0; index < text.length; index++) {
    const char = text[index];
    if (isText) {
      if (char === '\\') index += 1;
      else if (char === '"') isText = false;
    } else if (char === '"') isText = true;
    else if (char === '{') closers.push('}');
    else if (char === '[') closers.push(']');
    else if (char === '}' || char === ']') closers.pop();
    else if (char === ',' && closers.length <= 64) {
      complete = index;
      completeClosers = [...closers];
    }
  }
  // An escape that is cut would make the text invalid.
  const whole = isText ? `${text.replace(/\\(?:u[0-9a-f]{0,3})?$/i, '')}"` : text;
  return (
    parsed(whole + closers.toReversed().join('')) ??
    parsed(text.slice(0, complete) + completeClosers.toReversed().join(''))
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
