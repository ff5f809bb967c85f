/** What a container's programs say about a known tool. */
import { type ImageMatch, matchCommand, matchImage, matchJoinedCommand, type ToolMatch } from '../tools/index.ts';
import type { Platform, Program } from './facts.ts';

/** Answers that are kept, since most containers of a cluster run the same few commands. */
const MOST_KEPT = 4096;
const commands = new Map<string, ToolMatch | undefined>();
const images = new Map<string, ImageMatch | undefined>();

const kept = <T>(answers: Map<string, T>, question: string, ask: () => T): T => {
  if (answers.has(question)) return answers.get(question)!;
  const answer = ask();
  if (answers.size >= MOST_KEPT) answers.clear();
  answers.set(question, answer);
  return answer;
};

/** The tool that a command runs. Engines join the words of a command, so that quotes are lost. */
export function toolOf(argv: readonly string[], platform: Platform = 'kubernetes'): ToolMatch | undefined {
  if (!argv.length) return undefined;
  const isJoined = platform !== 'kubernetes';
  return kept(commands, `${isJoined}\n${argv.join('\0')}`, () =>
    isJoined ? matchJoinedCommand(argv.join(' ')) : matchCommand(argv),
  );
}

/** What the name of an image says. */
export const imageToolOf = (image: string | undefined): ImageMatch | undefined =>
  image === undefined ? undefined : kept(images, image, () => matchImage(image));

export const imageOf = ({ image }: Program): string | undefined => image;

/** The tool of a program: its command, or the arguments that its image's own program gets. */
export function toolOfProgram({ image, argv }: Program): ToolMatch | undefined {
  const known = imageToolOf(image);
  const match = toolOf(argv);
  if (match || !known || known.isToolbox || !argv.length) return match;
  return toolOf([known.tool, ...argv]);
}

/** Whether a program is worth keeping: a known tool, or an image of one. */
export const mayBeTool = (argv: readonly string[], image?: string): boolean =>
  toolOfProgram({ argv, ...(image !== undefined && { image }) }) !== undefined ||
  (imageToolOf(image) !== undefined && !imageToolOf(image)!.isToolbox);
