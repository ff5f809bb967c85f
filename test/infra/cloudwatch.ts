/**
 * How CloudWatch evaluates metric alarms: missing data, states, actions. The rules are those of its user guide
 * ("Configuring how CloudWatch alarms treat missing data") and of PutMetricAlarm. The tables of the guide are tests of
 * this file.
 */
import { plain, type Resource } from './synthesize.ts';

export type State = 'OK' | 'ALARM' | 'INSUFFICIENT_DATA';
export type Missing = 'missing' | 'ignore' | 'breaching' | 'notBreaching';

interface MetricRef {
  readonly Namespace: string;
  readonly MetricName: string;
  readonly Dimensions?: readonly { Name: string; Value: unknown }[];
}

/** The properties of AWS::CloudWatch::Alarm that the rules read. */
export interface AlarmProperties extends Partial<MetricRef> {
  readonly AlarmDescription: string;
  readonly Statistic?: string;
  readonly Period?: number;
  readonly Metrics?: readonly {
    readonly Id: string;
    readonly Expression?: string;
    readonly ReturnData?: boolean;
    readonly MetricStat?: { readonly Metric: MetricRef; readonly Stat: string; readonly Period: number };
  }[];
  readonly ComparisonOperator: string;
  readonly Threshold: number;
  readonly EvaluationPeriods: number;
  readonly DatapointsToAlarm?: number;
  readonly TreatMissingData?: Missing;
  readonly AlarmActions?: readonly unknown[];
  readonly OKActions?: readonly unknown[];
  readonly InsufficientDataActions?: readonly unknown[];
}

/** The metrics that an alarm measures, with the statistic of each, by the name that its expression uses. */
export function measuresOf(alarm: AlarmProperties): Map<string, { metric: MetricRef; stat: string; period: number }> {
  if (alarm.Metrics === undefined) {
    const { Namespace = '', MetricName = '', Dimensions, Statistic: stat = '', Period: period = 0 } = alarm;
    return new Map([['', { metric: { Namespace, MetricName, Dimensions: Dimensions ?? [] }, stat, period }]]);
  }
  return new Map(
    alarm.Metrics.flatMap(({ Id, MetricStat }) =>
      MetricStat === undefined
        ? []
        : [[Id, { metric: MetricStat.Metric, stat: MetricStat.Stat, period: MetricStat.Period }]],
    ),
  );
}

/** Seconds of a period, the same for all alarms. */
const PERIOD = 300;

/** Data points by metric: `Sweepwatch ObjectsRead sweepwatch`, `AWS/Lambda Invocations <SettleFunction>`. */
export class Metrics {
  readonly #values = new Map<string, number[]>();

  put(metric: string, time: number, value: number): void {
    const key = `${metric} ${Math.floor(time / PERIOD)}`;
    const values = this.#values.get(key);
    if (values === undefined) this.#values.set(key, [value]);
    else values.push(value);
  }

  /** The statistic of the period that begins at a time. Undefined if it has no data. */
  of(metric: string, stat: string, from: number): number | undefined {
    const values = this.#values.get(`${metric} ${from / PERIOD}`);
    if (values === undefined) return undefined;
    if (stat === 'Sum') return values.reduce((sum, value) => sum + value, 0);
    if (stat === 'Maximum') return Math.max(...values);
    throw new Error(`no rule for the statistic ${stat}`);
  }
}

const nameOf = ({ Namespace, MetricName, Dimensions = [] }: MetricRef): string =>
  [Namespace, MetricName, ...Dimensions.map(({ Value }) => plain(Value))].join(' ');

/**
 * The state that follows from the points of an evaluation range, oldest first: true breaches, undefined is missing.
 * `needed` and `toAlarm` are Evaluation Periods and Datapoints to Alarm.
 */
export function nextState(
  points: readonly (boolean | undefined)[],
  { needed, toAlarm, missing }: { needed: number; toAlarm: number; missing: Missing },
  current: State,
): State {
  const real = points.filter((point) => point !== undefined).slice(-needed);
  const breaching = real.filter(Boolean).length;
  const toFill = needed - real.length;
  if (breaching >= toAlarm || (missing === 'breaching' && breaching + toFill >= toAlarm)) return 'ALARM';
  if (toFill === 0 || breaching < real.length || missing === 'notBreaching' || missing === 'breaching') return 'OK';
  if (missing === 'ignore') return current;
  if (real.length === 0) return 'INSUFFICIENT_DATA';
  // "when the oldest available breaching datapoint ... is at least as old as the value of Datapoints to Alarm"
  return points.length - points.indexOf(true) >= toAlarm ? 'ALARM' : current;
}

/** An alarm over time, starting in the state that PutMetricAlarm leaves. */
class Alarm {
  state: State = 'INSUFFICIENT_DATA';
  readonly #alarm: AlarmProperties;
  readonly #range: number;
  readonly #measures: readonly { id: string; metric: string; stat: string }[];
  readonly #missing: Missing;
  #evaluated = 0;

  /** @param extra points that CloudWatch reads beyond the evaluation periods. It does not document how many. */
  constructor(alarm: AlarmProperties, extra: number) {
    this.#alarm = alarm;
    this.#range = alarm.EvaluationPeriods + extra;
    const measures = [...measuresOf(alarm)];
    if (measures.some(([, { period }]) => period !== PERIOD))
      throw new Error(`no rule for a period other than ${PERIOD} s`);
    this.#measures = measures.map(([id, { metric, stat }]) => ({ id, metric: nameOf(metric), stat }));
    // PutMetricAlarm: "Alarms that evaluate metrics in the AWS/DynamoDB namespace always ignore missing data".
    const isDynamodb = measures.some(([, { metric }]) => metric.Namespace === 'AWS/DynamoDB');
    this.#missing = isDynamodb ? 'ignore' : (alarm.TreatMissingData ?? 'missing');
  }

  /** Evaluates the periods that are over at a time (seconds). Returns the actions of a change of state. */
  evaluate(metrics: Metrics, now: number): readonly unknown[] {
    const end = Math.floor(now / PERIOD) * PERIOD;
    if (end === this.#evaluated) return [];
    this.#evaluated = end;
    const points = Array.from({ length: this.#range }, (_, at) => {
      const value = this.#valueAt(metrics, end - (this.#range - at) * PERIOD);
      return value === undefined ? undefined : this.#breaches(value);
    });
    const { EvaluationPeriods: needed, DatapointsToAlarm: toAlarm = needed } = this.#alarm;
    const before = this.state;
    this.state = nextState(points, { needed, toAlarm, missing: this.#missing }, before);
    if (this.state === before) return [];
    const { AlarmActions, OKActions, InsufficientDataActions } = this.#alarm;
    return { ALARM: AlarmActions, OK: OKActions, INSUFFICIENT_DATA: InsufficientDataActions }[this.state] ?? [];
  }

  #valueAt(metrics: Metrics, time: number): number | undefined {
    const values = new Map(this.#measures.map(({ id, metric, stat }) => [id, metrics.of(metric, stat, time)]));
    const expression = this.#alarm.Metrics?.find((each) => each.Expression !== undefined)?.Expression;
    return expression === undefined ? [...values.values()][0] : calculate(expression, values, time);
  }

  #breaches(value: number): boolean {
    const { ComparisonOperator, Threshold } = this.#alarm;
    if (ComparisonOperator === 'LessThanThreshold') return value < Threshold;
    if (ComparisonOperator === 'GreaterThanOrEqualToThreshold') return value >= Threshold;
    throw new Error(`no rule for ${ComparisonOperator}`);
  }
}

type Value = number | undefined;

/**
 * The part of metric math that the alarms use, at one point in time (seconds). Results that depend on missing data are
 * missing.
 */
export function calculate(expression: string, metrics: ReadonlyMap<string, Value>, time: number): Value {
  const words = expression.match(/\d+|\w+|[<>=]=|[<>(),]/g) ?? [];
  if (words.join('') !== expression.replaceAll(' ', '')) throw new Error(`no rule for the expression ${expression}`);
  let at = 0;
  const take = (expected?: string): string => {
    const word = words[at++];
    if (word === undefined || (expected !== undefined && word !== expected))
      throw new Error(`expected ${expected ?? 'more'} in ${expression}, got ${word ?? 'its end'}`);
    return word;
  };
  const both = (one: Value, other: Value, combine: (one: number, other: number) => number | boolean): Value =>
    one === undefined || other === undefined ? undefined : Number(combine(one, other));
  const functions: Readonly<Record<string, (...values: Value[]) => Value>> = {
    IF: (condition, then, otherwise) => (condition === undefined ? undefined : condition ? then : otherwise),
    HOUR: (value) => (value === undefined ? undefined : new Date(time * 1000).getUTCHours()),
    MINUTE: (value) => (value === undefined ? undefined : new Date(time * 1000).getUTCMinutes()),
  };
  const term = (): Value => {
    const word = take();
    if (/^\d/.test(word)) return Number(word);
    const apply = functions[word];
    if (apply === undefined) {
      if (!metrics.has(word)) throw new Error(`no rule for ${word} in ${expression}`);
      return metrics.get(word);
    }
    take('(');
    const values = [conjunction()];
    while (words[at] === ',') {
      take();
      values.push(conjunction());
    }
    take(')');
    return apply(...values);
  };
  const comparison = (): Value => {
    const one = term();
    const operator = words[at];
    if (operator !== '==' && operator !== '<') return one;
    take();
    return both(one, term(), (a, b) => (operator === '<' ? a < b : a === b));
  };
  const conjunction = (): Value => {
    let value = comparison();
    while (words[at] === 'AND') {
      take();
      value = both(value, comparison(), (a, b) => a !== 0 && b !== 0);
    }
    return value;
  };
  const value = conjunction();
  if (at < words.length) throw new Error(`no rule for ${words[at]} in ${expression}`);
  return value;
}

/** A message to the operations topic. */
export interface Message {
  readonly alarm: string;
  readonly state: State;
  /** Seconds. */
  readonly at: number;
}

/** Runs alarms over metrics, minute by minute. Returns their messages, and their states at the end. */
export function watch(
  alarms: ReadonlyMap<string, AlarmProperties>,
  metrics: Metrics,
  { from, to, extra }: { from: number; to: number; extra: number },
): { messages: Message[]; states: Map<string, State> } {
  const watched = [...alarms].map(([name, properties]) => ({ name, alarm: new Alarm(properties, extra) }));
  const messages: Message[] = [];
  for (let now = from + 60; now <= to; now += 60)
    for (const { name, alarm } of watched)
      for (const _action of alarm.evaluate(metrics, now)) messages.push({ alarm: name, state: alarm.state, at: now });
  return { messages, states: new Map(watched.map(({ name, alarm }) => [name, alarm.state])) };
}

/** The alarms of resources by their construct's name. */
export const alarmsIn = (resources: readonly [id: string, resource: Resource][]): Map<string, AlarmProperties> =>
  new Map(
    resources.map(([id, { Properties }]) => [
      id.slice('DetectorAlarms'.length, -8),
      Properties as unknown as AlarmProperties,
    ]),
  );
