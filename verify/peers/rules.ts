/** All re-implemented rules, in the order of the tables. */
import { broSimpleScan } from './bro-simple-scan.ts';
import { crowdsec } from './crowdsec.ts';
import { gcpCsa } from './gcp-csa.ts';
import { naiveReject } from './naive-reject.ts';
import { panther } from './panther.ts';
import type { Rule } from './rule.ts';
import { sentinel } from './sentinel.ts';
import { sigwood } from './sigwood.ts';
import { silkRwscan } from './silk-rwscan.ts';
import { slips } from './slips.ts';
import { snort3Medium } from './snort3.ts';
import { splunkHorizontal, splunkVertical } from './splunk.ts';
import { sumoReject } from './sumo.ts';
import { zeekScan } from './zeek-scan.ts';

export const RULES: readonly Rule[] = [
  panther,
  splunkHorizontal,
  splunkVertical,
  sentinel,
  gcpCsa,
  sumoReject,
  naiveReject,
  crowdsec,
  zeekScan,
  broSimpleScan,
  silkRwscan,
  snort3Medium,
  sigwood,
  slips,
];
