/** Reads Sigma rules from YAML. Functions get them as JSON, since their bundles hold no YAML parser. */
import { parseAllDocuments } from 'yaml';
import { Refusal } from './pattern.ts';
import { isFields, ruleOf, type SigmaRule } from './rule.ts';

interface RefusedRule {
  readonly file: string;
  /** The title or the number of the document. */
  readonly rule: string;
  readonly reason: string;
}

/** What rule files hold. */
export interface LoadedRules {
  readonly rules: readonly SigmaRule[];
  /** The document of each rule, which {@link ruleOf} reads again elsewhere. */
  readonly sources: readonly unknown[];
  readonly refused: readonly RefusedRule[];
}

/** A rule file may be this long, and name this many aliases. */
const MOST_TEXT = 1_000_000;
const MOST_ALIASES = 100;

/** Reads rule files. A file that cannot be read refuses only itself. */
export function loadSigmaRules(files: Iterable<{ readonly name: string; readonly text: string }>): LoadedRules {
  const rules: SigmaRule[] = [];
  const sources: unknown[] = [];
  const refused: RefusedRule[] = [];
  for (const { name: file, text } of files) {
    const documents = documentsOf(text);
    if (typeof documents === 'string') {
      refused.push({ file, rule: '', reason: documents });
      continue;
    }
    for (const [index, document] of documents.entries()) {
      const rule = isFields(document) && typeof document.title === 'string' ? document.title : `document ${index + 1}`;
      try {
        rules.push(ruleOf(document));
        sources.push(document);
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        refused.push({ file, rule, reason: `not supported: ${error.message}` });
      }
    }
  }
  return { rules, sources, refused };
}

/** The documents of a file, or a sentence about what is wrong with it. */
function documentsOf(text: string): unknown[] | string {
  if (text.length > MOST_TEXT) return 'the file is longer than 1 MB';
  try {
    const documents = parseAllDocuments(text, { logLevel: 'silent' });
    if (!Array.isArray(documents)) return 'the file is empty';
    const [problem] = documents.flatMap(({ errors }) => errors);
    if (problem) return `the file is not YAML: ${problem.message.split('\n', 1)[0]}`;
    return documents.map((document) => document.toJS({ maxAliasCount: MOST_ALIASES }) as unknown);
  } catch (error) {
    return `the file is not YAML: ${error instanceof Error ? error.message.split('\n', 1)[0] : 'unreadable'}`;
  }
}
