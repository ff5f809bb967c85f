/** The MITRE ATT&CK techniques of a finding, by direction and kind of source. */
import type { Direction, FindingSource, Technique } from './model.ts';

const NETWORK_SERVICE_DISCOVERY: Technique = { id: 'T1046', name: 'Network Service Discovery', tactic: 'Discovery' };
const SCANNING_IP_BLOCKS: Technique = {
  id: 'T1595.001',
  name: 'Active Scanning: Scanning IP Blocks',
  tactic: 'Reconnaissance',
};
const ACTIVE_SCANNING: Technique = { id: 'T1595', name: 'Active Scanning', tactic: 'Reconnaissance' };

const VULNERABILITY_SCANNING: Technique = {
  id: 'T1595.002',
  name: 'Active Scanning: Vulnerability Scanning',
  tactic: 'Reconnaissance',
};

/**
 * Inbound scans are reconnaissance, lateral ones discovery, outbound ones both. A container that scans is also T1595.
 * @param isForVulnerable whether the scan is about services that are known to be vulnerable.
 */
export function techniquesOf(
  direction: Direction,
  source: FindingSource | undefined,
  isForVulnerable = false,
): Technique[] {
  const forVulnerable = isForVulnerable ? [VULNERABILITY_SCANNING] : [];
  if (direction === 'inbound') return [SCANNING_IP_BLOCKS, ...forVulnerable];
  if (direction === 'outbound') return [NETWORK_SERVICE_DISCOVERY, SCANNING_IP_BLOCKS, ...forVulnerable];
  return [NETWORK_SERVICE_DISCOVERY, ...(isContainer(source) ? [ACTIVE_SCANNING] : []), ...forVulnerable];
}

const isContainer = (source: FindingSource | undefined): boolean =>
  source?.ecs !== undefined || (source?.behindInterface === true && source.instanceId !== undefined);
