/** A row of the tool table. */

/** What a command needs, apart from the name, to count as a scan. */
type Need =
  /** Nothing: the program scans when it starts. */
  | 'nothing'
  /** A target: any word that is no option, or a file of targets. */
  | 'target'
  /** Many targets: a network, a range, a list of at least eight words, or a file of targets. */
  | 'many-targets'
  /** One of the row's marks. For names that other programs share. */
  | 'mark'
  /** Many ports or many targets: `20-85`, `++20`, a network. */
  | 'spread';

export interface Tool {
  /** The name in findings. */
  readonly name: string;
  /** Where the names and options are documented. */
  readonly source: string;
  /** File names, lower case, as {@link programName} gives them. */
  readonly files: readonly string[];
  /** File names that count only with the ending `.exe`, since Linux has other programs of that name. */
  readonly windowsFiles?: readonly string[];
  /** What Windows programs say about themselves (OriginalFileName, Product, Description), lower case. */
  readonly products?: readonly string[];
  readonly needs: Need;
  /** Options with which the program sends nothing, or lists only. */
  readonly quiet?: readonly string[];
  /** Options that take the next word as their value. */
  readonly valued?: readonly string[];
  /** Options that name a file or number of targets. */
  readonly lists?: readonly string[];
  /** Options that name ports. */
  readonly ports?: readonly string[];
  /** Options that few other programs have. Two marks, or a mark and a weak one, tell a renamed binary. */
  readonly marks?: readonly string[];
  /** Options of this program that others have too. */
  readonly weakMarks?: readonly string[];
  /** The first word, for programs of many functions: `cdk probe`. One of them is needed. */
  readonly verbs?: readonly string[];
  /** Last part or parts of image repositories, without tag: `nmap` is also `registry.example.com/instrumentisto/nmap`. */
  readonly images?: readonly string[];
  /** Severity and confidence when the need is met. The default is medium and 85. */
  readonly severity?: 'low' | 'medium' | 'high';
  readonly confidence?: number;
  /** A command line that must match, and one that must not. */
  readonly example: string;
  readonly counterExample: string;
}
