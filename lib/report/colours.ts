/** Colours that hold with red-green blindness and in print. Nothing is told by colour alone. */
import type { Severity } from '../finding/model.ts';

/** At least 3 to 1 against both backgrounds of the page. */
export const SEVERITY_COLOURS: Readonly<Record<Severity, string>> = {
  critical: '#d4213d',
  high: '#c75b12',
  medium: '#a07800',
  low: '#3b7fb8',
  informational: '#7d7d7d',
};

/** Outcomes of contacts, after the palette of Okabe and Ito (2008), darker where it would fade on white. */
export const OUTCOME_COLOURS = {
  established: '#2b7bba',
  rejected: '#d55e00',
  reset: '#b07f00',
  unanswered: '#808080',
} as const;
