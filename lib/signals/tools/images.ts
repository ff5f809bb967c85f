/** Container images of known tools. An image's name is a reason, weaker than a command. */
import { TOOLS } from './rows.ts';

/** What an image's name says. */
export interface ImageMatch {
  readonly tool: string;
  /** Probability that a container of this image scans, 0 to 100. */
  readonly confidence: number;
  /** Whether the image holds network tools of all kinds, for debugging too. It is no signal by itself. */
  readonly isToolbox: boolean;
}

/** Images that hold scanners among many other tools. Repository without tag, and where it says so. */
const TOOLBOXES: readonly (readonly [repository: string, source: string])[] = [
  ['nicolaka/netshoot', 'https://github.com/nicolaka/netshoot'],
  ['kalilinux/kali-rolling', 'https://www.kali.org/docs/containers/official-kalilinux-docker-images/'],
  ['kalilinux/kali-last-release', 'https://www.kali.org/docs/containers/official-kalilinux-docker-images/'],
  ['praqma/network-multitool', 'https://github.com/wbitt/Network-MultiTool'],
  ['wbitt/network-multitool', 'https://github.com/wbitt/Network-MultiTool'],
  ['parrotsec/security', 'https://hub.docker.com/r/parrotsec/security'],
  ['metasploitframework/metasploit-framework', 'https://hub.docker.com/r/metasploitframework/metasploit-framework'],
  ['blackarchlinux/blackarch', 'https://hub.docker.com/r/blackarchlinux/blackarch'],
  ['raesene/alpine-nettools', 'https://hub.docker.com/r/raesene/alpine-nettools'],
];

/** Longest image reference that registries accept is far below. */
const LONGEST = 1024;

/** The repository of an image reference without registry port, tag and digest: `reg:5000/a/nmap:7@sha256:..` is `reg:5000/a/nmap`. */
function repositoryOf(image: string): string {
  const digest = image.indexOf('@');
  const named = digest < 0 ? image : image.slice(0, digest);
  const tag = named.indexOf(':', named.lastIndexOf('/') + 1);
  return (tag < 0 ? named : named.slice(0, tag)).toLowerCase();
}

/** The tool that an image is known for, or undefined. */
export function matchImage(image: string): ImageMatch | undefined {
  if (image.length > LONGEST) return undefined;
  const repository = repositoryOf(image);
  for (const { name, images, confidence } of TOOLS)
    if (images?.some((known) => isRepository(repository, known)))
      return { tool: name, confidence: confidence ?? 75, isToolbox: false };
  const toolbox = TOOLBOXES.find(([known]) => isRepository(repository, known));
  return toolbox && { tool: toolbox[0].split('/')[1]!, confidence: 30, isToolbox: true };
}

/** A repository is known by its last part or parts, below any registry or mirror. */
const isRepository = (repository: string, known: string): boolean =>
  repository === known || repository.endsWith(`/${known}`);
