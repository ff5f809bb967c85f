/** Whether PowerShell text scans: known functions, connections that vary in a loop, WinPwn. */
import { SCRIPT_TOOLS, type ScriptTool } from './functions.ts';
import { readPowerShell, type Variation, variationIn, variationsIn } from './powershell-text.ts';
import { isKnownFile, matchName } from './rows.ts';
import { isAddressLike } from './targets.ts';
import type { ToolMatch } from './tool-match.ts';
import { MOST_TEXT, programName, windowsWords } from './words.ts';

/** Loops over fewer values than this are a list of a few services. */
const MANY_IN_RANGE = 5;
/** A list of names is one's own servers. */
const MANY_NAMES = 20;
/** Scripts within scripts (`iex '...'`) are read to this depth. */
const DEEPEST = 3;

const byFunction = new Map(SCRIPT_TOOLS.flatMap((tool) => tool.functions.map((name) => [name, tool] as const)));

/**
 * The script that the words of `powershell.exe` run, or undefined if they name a file. Encoded commands are decoded.
 * PowerShell accepts every beginning of an option's name.
 */
export function scriptOfPowerShell(argv: readonly string[]): string | undefined {
  const words = argv.slice(1);
  for (const [at, word] of words.entries()) {
    if (!/^[-/\u2013\u2014]/.test(word))
      return programName(word).endsWith('.ps1') ? undefined : words.slice(at).join(' ');
    const name = word.slice(1).toLowerCase();
    if (name === '') continue;
    if (name === 'ec' || 'encodedcommand'.startsWith(name))
      return Buffer.from((words[at + 1] ?? '').slice(0, MOST_TEXT * 2), 'base64').toString('utf16le');
    if ('command'.startsWith(name)) return words.slice(at + 1).join(' ');
    if ('file'.startsWith(name)) return undefined;
    if (VALUED.some((option) => option.startsWith(name))) return scriptOfPowerShell(words.slice(at + 1));
  }
  return undefined;
}

const VALUED = [
  'executionpolicy',
  'ep',
  'windowstyle',
  'version',
  'psconsolefile',
  'inputformat',
  'outputformat',
  'configurationname',
  'workingdirectory',
  'settingsfile',
];

/** A scan in PowerShell text, or undefined. A definition of a scanning function is weaker than a call. */
export function matchPowerShell(source: string, depth = 0): ToolMatch | undefined {
  if (depth > DEEPEST) return undefined;
  const { code, bare, texts } = readPowerShell(source);
  const candidates = [matchCalls(code, bare), matchFiles(code, bare), ...piecesOf(code).map(matchLoop)];
  // `iex` and `-Command` run what is in quotes.
  if (/\b(?:iex|invoke-expression|invoke-command|start-job|powershell|pwsh)\b/i.test(bare))
    for (const text of texts.slice(0, 20)) candidates.push(matchPowerShell(text, depth + 1));
  return candidates.reduce(
    (best, match) => (match && (!best || match.confidence > best.confidence) ? match : best),
    undefined,
  );
}

/** Where a command can stand: at the beginning of a statement, in a pipeline, in brackets, behind `&` or `=`. */
const BEFORE_COMMAND = new Set(['', '\n', ';', '|', '{', '(', '=', '&', '.']);

function matchCalls(code: string, bare: string): ToolMatch | undefined {
  let best: ToolMatch | undefined;
  for (const found of bare.matchAll(/[a-z][\w-]{3,60}/gi)) {
    const name = found[0].toLowerCase();
    const tool = byFunction.get(name);
    if (!tool && !isKnownFile(name)) continue;
    const before = bare
      .slice(Math.max(0, found.index - 80), found.index)
      .replace(/\.[\\/]$/, '')
      .replace(/[ \t\r]{1,80}$/, '');
    const isDefinition = /\b(?:function|filter)$/i.test(before);
    if (!isDefinition && !BEFORE_COMMAND.has(before.at(-1) ?? '')) continue;
    const statement = code.slice(found.index, found.index + 500).split(/[\n;|}]/)[0]!;
    if (!tool) {
      // A program that the script starts: `nmap 127.0.0.1`.
      const program = isDefinition ? undefined : matchName(name, windowsWords(statement));
      if (program && (!best || program.confidence > best.confidence)) best = program;
      continue;
    }
    // A name that is an ordinary word says nothing without its options.
    if (tool.options && (isDefinition || !tool.options.every((option) => statement.toLowerCase().includes(option))))
      continue;
    const match = called(tool, statement, isDefinition);
    if (!best || match.confidence > best.confidence) best = match;
  }
  return best;
}

function called(tool: ScriptTool, statement: string, isDefinition: boolean): ToolMatch {
  const targets = statement
    .split(/[\s"',()]+/)
    .filter(isAddressLike)
    .slice(0, 20);
  return isDefinition
    ? { tool: tool.name, by: 'function', severity: 'low', confidence: 40, targets: [] }
    : { tool: tool.name, by: 'function', severity: 'medium', confidence: 90, targets };
}

/** A file of a tool that is fetched or loaded. Its name in a text alone says nothing. */
function matchFiles(code: string, bare: string): ToolMatch | undefined {
  const lower = code.toLowerCase();
  const tool = SCRIPT_TOOLS.find(({ files }) =>
    files?.some((file) => lower.includes(`/${file}`) || lower.includes(`\\${file}`)),
  );
  if (!tool) return undefined;
  const isFetched =
    /\b(?:downloadstring|downloadfile|invoke-webrequest|iwr|invoke-restmethod|irm|webclient|wget|curl)\b/i.test(bare);
  const isRun = /\b(?:iex|invoke-expression|import-module|ipmo)\b|(?:^|[;{\n])\s{0,5}[.&]\s/i.test(bare);
  if (!isFetched && !isRun) return undefined;
  const isBoth = isFetched && isRun;
  return {
    tool: tool.name,
    by: 'function',
    severity: isBoth ? 'medium' : 'low',
    confidence: isBoth ? 75 : 45,
    targets: [],
  };
}

/** What connects, with the text of its argument in the first group. */
const CONNECTS = [
  /\.(?:connect|connectasync|beginconnect|send|sendpingasync|sendasync)\(([^\n]{1,200})/gi,
  /\btcpclient\b['"]?\]?(?:::new)?[ \t]{0,3}(?:-argumentlist[ \t]{1,3})?\(([^\n]{1,200})/gi,
  /\b(?:test-netconnection|tnc|test-connection)\b([^\n;|}]{1,200})/gi,
] as const;

/** A loop lies within a piece. Long scripts are read in pieces, so that the time stays linear. */
function piecesOf(code: string): string[] {
  const pieces: string[] = [];
  for (let start = 0; start < code.length; start += MOST_TEXT - OVERLAP) {
    const piece = code.slice(start, start + MOST_TEXT);
    if (NETWORK.test(piece)) pieces.push(piece);
    if (start + MOST_TEXT >= code.length) break;
  }
  return pieces;
}

const OVERLAP = 4096;
const NETWORK =
  /tcpclient|udpclient|sockets\.socket|test-netconnection|\btnc\b|test-connection|networkinformation\.ping/i;

function matchLoop(code: string): ToolMatch | undefined {
  const varying = variationsIn(code);
  if (varying.size === 0) return undefined;
  let best: Variation | undefined;
  for (const form of CONNECTS)
    for (const [, argument] of code.matchAll(form)) {
      const variation = variationIn(argument!, varying);
      if (variation && isMany(variation) && (variation.size ?? 0) >= (best?.size ?? 0)) best = variation;
    }
  if (!best) return undefined;
  const targets = [...code.matchAll(/["']([\d./-]{7,40})["']/g)]
    .map(([, text]) => text!)
    .filter(isAddressLike)
    .slice(0, 20);
  return { tool: 'PowerShell script', by: 'script', severity: 'medium', confidence: best.isRange ? 80 : 60, targets };
}

const isMany = ({ size, isRange }: Variation): boolean =>
  isRange ? (size ?? MANY_IN_RANGE) >= MANY_IN_RANGE : (size ?? 0) >= MANY_NAMES;
