/** Known tools: which one a command, a script or an image is, and how sure that is. */
export { type ImageMatch, matchImage } from './images.ts';
export { matchCommand, matchJoinedCommand, matchWindowsCommand } from './match.ts';
export type { ToolMatch } from './tool-match.ts';
