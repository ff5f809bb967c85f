/** What a finding may be instead of an attack: the ordinary causes to think of before acting, the likeliest first. */
import type { Finding } from '../finding/model.ts';
import { isOpenPortSweep } from './name.ts';

/** A line for each ordinary cause. */
export function alternatives(finding: Finding): readonly string[] {
  if (finding.kind === 'distributed-scan')
    return [
      'an approved external scanning service, which spreads its probes over many addresses',
      'one of the projects that survey the whole internet from a range of their own',
      'clients of a service that has moved, or peers of a peer-to-peer client, that all try its old address',
    ];
  if (finding.direction === 'inbound')
    return [
      'an approved external scanner or penetration test',
      'a partner with a stale address list',
      'a monitoring service of yours outside AWS',
    ];
  if (finding.direction === 'outbound')
    return [
      'a crawler, mail server or peer-to-peer client whose peers are mostly dead',
      'an approved external assessment that runs from here',
    ];
  if (isOpenPortSweep(finding))
    return [
      'an approved vulnerability scanner or inventory job',
      'a monitoring or deployment job that visits every host for the first time in three days',
    ];
  if (finding.kind === 'vertical-scan')
    return [
      'an approved vulnerability scanner',
      'service discovery or an inventory job that probes many ports of one host',
    ];
  return [
    'an approved vulnerability scanner',
    'monitoring or service discovery whose list of targets is stale',
    'a client that lost its server and tries every address of a subnet',
  ];
}
