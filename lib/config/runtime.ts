/**
 * The settings that the functions need at run time. They travel in one environment variable. This file must not import
 * zod.
 */

import { type DetectionSettings, detectionDefaults, type Sensitivity } from '../detections/settings.ts';
import { SEVERITIES, type Severity } from '../finding/model.ts';
import { shown } from '../text/wording.ts';
import type { Settings } from './settings-types.ts';
import { hasSignals } from './signal-groups.ts';

/** The settings that ingest, alert and settle read from the variable SETTINGS. */
export interface RuntimeSettings {
  /** Name of the deployment, also the metric dimension `service`. */
  deployment: string;
  sensitivity: Sensitivity;
  /** Numbers that override those of the sensitivity, one by one. */
  detection: Partial<DetectionSettings>;
  /** CIDR blocks that count as inside in addition to the private ranges. */
  internal: string[];
  /** Routing domains: name to VPC ids. */
  routingDomains: Record<string, string[]>;
  /** Findings below this severity raise no alert. The digest counts them. */
  minSeverity: Severity;
  /** Alerts that each lane may send one by one in five minutes. One message reports the rest. */
  alertsIn5Minutes: number;
  /** Days after which table items expire. */
  retentionDays: { windows: number; findings: number };
  /** Hour of day (UTC, 0 to 23) at which the digest is sent, or every one. Null turns the digest off. */
  digestHourUtc: number | 'every' | null;
  /** How many e-mail addresses the settings subscribe to each topic. */
  addresses: { alerts: number; operations: number };
  /** Column names for files without a header line. If absent, the 14 default fields apply. */
  fields?: string[];
  /** Whether to ignore objects outside the folders of flow logs. If absent, keys of any form are read. */
  flowLogKeysOnly?: boolean;
  /** Whether signals start watches. If absent, they do not. */
  watchBySignals?: boolean;
  /** Whether logs of orchestrators or hosts arrive. If absent, nothing is read about signals. */
  hasSignals?: boolean;
  /** Whether settle takes an inventory of addresses, and judges read it. If absent, no address is dark. */
  hasInventory?: boolean;
  /** Whether to write metrics that no alarm needs. If absent, these numbers are only in the logs. */
  detailedMonitoring?: boolean;
}

/** Limit for the JSON of the runtime settings in bytes, since all variables of a function share 4 KB. */
export const maxRuntimeBytes = 2976;

/** The part of the settings that the functions need. */
export function toRuntimeSettings(settings: Settings): RuntimeSettings {
  return {
    deployment: settings.deploymentName,
    sensitivity: settings.sensitivity,
    detection: settings.detection,
    internal: settings.internal,
    routingDomains: settings.routingDomains,
    minSeverity: settings.minSeverity,
    alertsIn5Minutes: settings.alertsIn5Minutes,
    retentionDays: { windows: settings.retentionDays.windows, findings: settings.retentionDays.findings },
    digestHourUtc:
      settings.digestHourUtc !== null && settings.digestEvery === 'hour' ? 'every' : settings.digestHourUtc,
    addresses: { alerts: settings.emails.length, operations: settings.opsEmails.length },
    ...(settings.fields.length > 0 ? { fields: settings.fields } : {}),
    ...(settings.bucket.existing?.flowLogsUnder === undefined ? {} : { flowLogKeysOnly: true }),
    ...(settings.watch.bySignals && { watchBySignals: true }),
    ...(hasSignals(settings.signals) && { hasSignals: true }),
    ...(settings.inventory && { hasInventory: true }),
    ...(settings.detailedMonitoring && { detailedMonitoring: true }),
  };
}

/**
 * Reads the variable SETTINGS. Synthesis has validated the values, so this checks only that the text is complete and
 * has the right shape. Throws at the first violation.
 */
export function parseRuntimeSettings(json: string): RuntimeSettings {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw new Error(`SETTINGS must be JSON, got ${json === '' ? 'nothing' : json.slice(0, 80)}`);
  }
  const settings = record('SETTINGS', value);
  const retention = record('retentionDays', settings.retentionDays);
  const digest = settings.digestHourUtc ?? null;
  const addresses = record('addresses', settings.addresses);
  return {
    deployment: text('deployment', settings.deployment),
    sensitivity: oneOf('sensitivity', settings.sensitivity, Object.keys(detectionDefaults) as Sensitivity[]),
    detection: numbers('detection', settings.detection),
    internal: texts('internal', settings.internal),
    routingDomains: Object.fromEntries(
      Object.entries(record('routingDomains', settings.routingDomains)).map(([name, vpcs]) => [
        name,
        texts(`routingDomains.${name}`, vpcs),
      ]),
    ),
    minSeverity: oneOf('minSeverity', settings.minSeverity, SEVERITIES),
    alertsIn5Minutes: number('alertsIn5Minutes', settings.alertsIn5Minutes),
    retentionDays: {
      windows: number('retentionDays.windows', retention.windows),
      findings: number('retentionDays.findings', retention.findings),
    },
    digestHourUtc: digest === null || digest === 'every' ? digest : number('digestHourUtc', digest),
    addresses: {
      alerts: number('addresses.alerts', addresses.alerts),
      operations: number('addresses.operations', addresses.operations),
    },
    ...(settings.fields === undefined ? {} : { fields: texts('fields', settings.fields) }),
    ...(settings.flowLogKeysOnly === undefined
      ? {}
      : { flowLogKeysOnly: flag('flowLogKeysOnly', settings.flowLogKeysOnly) }),
    ...(settings.watchBySignals === undefined
      ? {}
      : { watchBySignals: flag('watchBySignals', settings.watchBySignals) }),
    ...(settings.hasSignals === undefined ? {} : { hasSignals: flag('hasSignals', settings.hasSignals) }),
    ...(settings.hasInventory === undefined ? {} : { hasInventory: flag('hasInventory', settings.hasInventory) }),
    ...(settings.detailedMonitoring === undefined
      ? {}
      : { detailedMonitoring: flag('detailedMonitoring', settings.detailedMonitoring) }),
  };
}

function refuse(name: string, expected: string, got: unknown): never {
  throw new Error(`SETTINGS: ${name} must be ${expected}, got ${shown(got)}`);
}

function record(name: string, value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return refuse(name, 'an object', value);
  return value as Record<string, unknown>;
}

function text(name: string, value: unknown): string {
  return typeof value === 'string' && value !== '' ? value : refuse(name, 'a text', value);
}

function texts(name: string, value: unknown): string[] {
  if (!Array.isArray(value)) return refuse(name, 'a list of texts', value);
  return value.map((item, index) => text(`${name}.${index}`, item));
}

function number(name: string, value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : refuse(name, 'a number', value);
}

function flag(name: string, value: unknown): boolean {
  return typeof value === 'boolean' ? value : refuse(name, 'true or false', value);
}

function numbers(name: string, value: unknown): Record<string, number> {
  return Object.fromEntries(
    Object.entries(record(name, value)).map(([key, item]) => [key, number(`${name}.${key}`, item)]),
  );
}

function oneOf<T extends string>(name: string, value: unknown, allowed: readonly T[]): T {
  return allowed.find((word) => word === value) ?? refuse(name, `one of ${allowed.join(', ')}`, value);
}
