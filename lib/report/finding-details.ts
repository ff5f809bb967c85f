/** One finding in full: what an alert says of it, with its outcomes drawn. */
import { alternatives } from '../detections/alternatives.ts';
import { type Finding, restsOnSignals, severityRank } from '../finding/model.ts';
import { campaignSteps } from '../notify/campaign-response.ts';
import type { Tables } from '../notify/commands.ts';
import { shapeOf, titleOf, whoseOf } from '../notify/name.ts';
import { type Step, sourceSteps } from '../notify/response.ts';
import { reviewLines } from '../notify/review-text.ts';
import { signalLines } from '../notify/signal-text.ts';
import { answered, firstAction, howMuch, inShort, isOurs, who } from '../notify/text.ts';
import { countOf } from '../text/wording.ts';
import { html, type Markup, table } from './html.ts';
import { badge, outcomes, time } from './overview.ts';

/** A part of the page that opens. */
export function findingDetails(finding: Finding, tables: Tables): Markup {
  const { id, targets, ports, confidence, techniques, campaign } = finding;
  const reach = [countOf(targets.count, 'target'), ...(ports.count ? [countOf(ports.count, 'port')] : [])].join(', ');
  const ofPackets = !restsOnSignals(finding);
  const needsAction = severityRank(finding.severity) >= severityRank('medium');
  return html`<details id="finding-${id}">
<summary>${badge(finding.severity)} ${titleOf(finding)} by ${whoseOf(finding)}${targets.count ? `: ${reach}` : ''}</summary>
<p>${inShort(finding)} ${isOurs(finding)} ${needsAction && firstAction(finding)}</p>
<p>${shapeOf(finding)}: first ${time(finding.firstSeen)}, last ${time(finding.lastSeen)}, detected ${time(finding.detectedAt)} (UTC). Confidence ${confidence} of 100.</p>
${outcomes(finding)}
${list('Review', reviewLines(finding))}
${list('Who', who(finding))}
${ofPackets && list('How much', howMuch(finding))}
${list('Seen beside the flow logs', signalLines(finding))}
${ofPackets && list('What answered', answered(finding))}
${reasonsTable(finding)}
${list('What it may be instead', alternatives(finding))}
${needsAction && ofPackets && steps(finding, tables)}
${list('What the log could not show', finding.dataQuality)}
<p class="note">Finding ${id}. ATT&amp;CK: ${techniques.map((technique) => `${technique.id} ${technique.name}`).join(', ')}.${campaign ? ` Part of campaign ${campaign}.` : ''}</p>
</details>`;
}

const reasonsTable = ({ id, reasons }: Finding): Markup =>
  table(
    'Why it was found',
    ['Test', 'Value', 'Threshold', 'In words'],
    reasons.map(({ test, value, threshold, text }) => [test, value, threshold, text]),
    { label: `Why finding ${id} was found` },
  );

const list = (heading: string, lines: readonly string[]): Markup | false =>
  lines.length > 0 && html`<h3>${heading}</h3><ul>${lines.map((line) => html`<li>${line}</li>`)}</ul>`;

function steps(finding: Finding, tables: Tables): Markup {
  const { source } = finding;
  const all: readonly Step[] = source ? sourceSteps(finding, source, tables) : campaignSteps(finding, tables);
  return html`<h3>What to do now</h3><ol>${all.map(
    ({ title, why, commands }) =>
      html`<li><strong>${title}.</strong> ${why}${commands.length ? html`<pre tabindex="0"><code>${commands.join('\n')}</code></pre>` : ''}</li>`,
  )}</ol>`;
}
