/** One finding in full: who, why, what answered, what to do. */
import { alternatives } from '../detections/alternatives.ts';
import { type Finding, type FindingSource, restsOnSignals, severityRank } from '../finding/model.ts';
import { campaignSteps } from '../notify/campaign-response.ts';
import type { Tables } from '../notify/commands.ts';
import { shapeOf, titleOf, whoseOf } from '../notify/name.ts';
import { type Step, sourceSteps } from '../notify/response.ts';
import { actorLines, signalLines } from '../notify/signal-text.ts';
import { countOf } from '../text/wording.ts';
import { html, type Markup, table } from './html.ts';
import { badge, outcomes, time } from './overview.ts';

/** A part of the page that opens. */
export function findingDetails(finding: Finding, tables: Tables): Markup {
  const { id, targets, ports, openPorts, confidence, tool, techniques } = finding;
  const reach = [countOf(targets.count, 'target'), ...(ports.count ? [countOf(ports.count, 'port')] : [])].join(', ');
  return html`<details id="finding-${id}">
<summary>${badge(finding.severity)} ${titleOf(finding)} by ${whoseOf(finding)}${targets.count ? `: ${reach}` : ''}</summary>
<p>${sentence(shapeOf(finding))}. First probe ${time(finding.firstSeen)}, last probe ${time(finding.lastSeen)}, detected ${time(finding.detectedAt)} (UTC). Confidence ${confidence} of 100. ${tool ? `Likely tool: ${tool.name}, confidence ${tool.confidence} of 100.` : ''}</p>
${outcomes(finding)}
${facts(finding)}
${reasonsTable(finding)}
${list('Seen beside the flow logs', [...actorLines(finding), ...signalLines(finding)])}
${list(
  'What answered',
  openPorts.sample.map(
    ({ target, port, protocol, connected }) =>
      `${target} ${protocol} ${port}${connected ? ', the scanner stayed connected' : ''}`,
  ),
  openPorts.count - openPorts.sample.length,
)}
${list('What it may be instead', alternatives(finding))}
${steps(finding, tables)}
${list('What the log could not show', finding.dataQuality)}
<p class="note">Finding ${id}. ATT&amp;CK: ${techniques.map((technique) => `${technique.id} ${technique.name}`).join(', ')}.${finding.campaign ? ` Part of campaign ${finding.campaign}.` : ''}</p>
</details>`;
}

const sentence = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1);

function facts({ source, sources, targets, ports }: Finding): Markup {
  const rows: (readonly [string, string])[] = [
    ...(source ? factsOf(source) : []),
    ...(sources ? [['sources', some(sources.sample, sources.count)] as const] : []),
    ...(targets.count ? [['targets', some(targets.sample, targets.count)] as const] : []),
    ...(ports.count ? [['ports', some(ports.sample, ports.count)] as const] : []),
  ];
  return html`<dl>${rows.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>`;
}

function factsOf(source: FindingSource): (readonly [string, string])[] {
  const { address, scope, accountId, region, vpcId, subnetId, instanceId, interfaceId, behindInterface, ecs } = source;
  const known: (readonly [string, string | undefined])[] = [
    ['source', address],
    ['scope', scope],
    ['account', accountId],
    ['Region', region],
    ['VPC', vpcId],
    ['subnet', subnetId],
    ['instance', instanceId],
    ['interface', behindInterface && interfaceId ? `${interfaceId} (the source is behind it)` : interfaceId],
    ['ECS cluster', ecs?.cluster],
    ['ECS service', ecs?.service],
    ['ECS task', ecs?.taskId ?? ecs?.taskArn],
  ];
  return known.flatMap(([name, value]) => (value ? [[name, value] as const] : []));
}

const some = (sample: readonly (string | number)[], count: number): string =>
  `${sample.join(', ')}${count > sample.length ? ` and ${(count - sample.length).toLocaleString('en')} more` : ''}`;

const reasonsTable = ({ id, reasons }: Finding): Markup =>
  table(
    'Why it was found',
    ['Test', 'Value', 'Threshold', 'In words'],
    reasons.map(({ test, value, threshold, text }) => [test, value, threshold, text]),
    { label: `Why finding ${id} was found` },
  );

function list(heading: string, lines: readonly string[], left = 0): Markup | '' {
  if (!lines.length) return '';
  const more = left > 0 ? html`<li>and ${left.toLocaleString('en')} more</li>` : '';
  return html`<h3>${heading}</h3><ul>${lines.map((line) => html`<li>${line}</li>`)}${more}</ul>`;
}

function steps(finding: Finding, tables: Tables): Markup | '' {
  if (restsOnSignals(finding) || severityRank(finding.severity) < severityRank('medium')) return '';
  const { source } = finding;
  const all: readonly Step[] = source ? sourceSteps(finding, source, tables) : campaignSteps(finding, tables);
  return html`<h3>What to do now</h3><ol>${all.map(
    ({ title, why, commands }) =>
      html`<li><strong>${title}.</strong> ${why}${commands.length ? html`<pre tabindex="0"><code>${commands.join('\n')}</code></pre>` : ''}</li>`,
  )}</ol>`;
}
