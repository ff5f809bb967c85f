/** All situations. To add one, add it here. */
import type { Actor } from '../actor.ts';
import { ADMINISTRATION } from './administration.ts';
import { CLUSTERS } from './clusters.ts';
import { ECS } from './containers.ts';
import { FTP } from './ftp.ts';
import { MAIL } from './mail.ts';
import { MEMBERS } from './members.ts';
import { MESH } from './mesh.ts';
import { MONITORING } from './monitoring.ts';
import { NAMES } from './names.ts';
import { OFFICE } from './office.ts';
import { OUTWARD } from './outward.ts';
import { TUNNELS } from './tunnels.ts';
import { VOICES } from './voice.ts';
import { SUBNET_OUTAGE, WEB } from './web.ts';

export const ACTORS: readonly Actor[] = [
  WEB,
  ECS,
  MESH,
  OFFICE,
  MAIL,
  FTP,
  SUBNET_OUTAGE,
  ...CLUSTERS,
  ...MEMBERS,
  ...ADMINISTRATION,
  ...MONITORING,
  ...NAMES,
  ...TUNNELS,
  ...OUTWARD,
  ...VOICES,
];
