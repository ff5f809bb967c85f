/** `sweepwatch doctor` on the local cloud names each fault of queues, functions, topics, alarms and destinations. */
import { expect, jest, test } from '@jest/globals';
import { DESTINATION_CHECKS } from '../../../cli/doctor/checks-destinations.ts';
import { PIPELINE_CHECKS } from '../../../cli/doctor/checks-pipeline.ts';
import { SIGNAL_CHECKS } from '../../../cli/doctor/checks-signals.ts';
import { deploy, described, output, stack } from './deployment.ts';
import { type Fault, mapping, nameOf, setPolicy, setStack, testEach } from './faults.ts';

jest.setTimeout(180_000);

deploy();

/** A log group with these filters, to which a signals function is subscribed. */
function subscribed(...filters: readonly { name: string; destination: string }[]): void {
  const arn = 'arn:aws:logs:us-east-1:000000000000:log-group:/aws/eks/shop/cluster:*';
  described.functions.set('signals', { policy: [{ Condition: { ArnLike: { 'AWS:SourceArn': arn } } }] });
  described.logFilters.set('/aws/eks/shop/cluster', [...filters]);
  setStack({ outputs: { ...stack.cloud.outputs, SignalsFunction: 'signals' } })();
}
const filterTo = (name: string) => ({ name, destination: `arn:aws:lambda:us-east-1:000000000000:function:${name}` });

const FAULTS: readonly Fault[] = [
  {
    name: 'a subscription filter that somebody removed',
    id: 'signals.filters',
    status: 'FAIL',
    says: /\/aws\/eks\/shop\/cluster does not deliver to the signals function/,
    break: () => subscribed(filterTo('datadog')),
  },
  {
    name: 'a subscription filter that two of others replaced',
    id: 'signals.filters',
    status: 'FAIL',
    says: /does not deliver to the signals function/,
    because: /datadog, splunk take the two places that AWS allows/,
    break: () => subscribed(filterTo('datadog'), filterTo('splunk')),
  },
  {
    name: 'a queue policy without the bucket',
    id: 'queue.policy',
    status: 'FAIL',
    says: /admits neither the bucket nor a rule/,
    break: () => setPolicy(JSON.stringify({ Version: '2012-10-17', Statement: [] }))(),
  },
  {
    name: 'files that wait',
    id: 'queue.age',
    status: 'FAIL',
    says: /the oldest file has waited for 40 min/,
    break: () => described.metrics.set(`ApproximateAgeOfOldestMessage ${nameOf('IngestQueue')}`, 2400),
  },
  {
    name: 'alerts that wait',
    id: 'queue.age',
    status: 'FAIL',
    says: /the oldest alert has waited for 7 min/,
    break: () => described.metrics.set(`ApproximateAgeOfOldestMessage ${nameOf('AlertQueue')}`, 400),
  },
  ...(['IngestDeadLetters', 'AlertDeadLetters', 'SettleDeadLetters'] as const).map(
    (name): Fault => ({
      name: `a message in ${name}`,
      id: 'queue.dead-letters',
      status: name === 'SettleDeadLetters' ? 'warn' : 'FAIL',
      says: new RegExp(`^1 dead letter in ${name}$`),
      break: () => stack.send(name, '{}'),
    }),
  ),
  {
    name: 'an event source mapping that is disabled',
    id: 'function.mapping',
    status: 'FAIL',
    says: /event source mapping of \S*Ingest\S* is Disabled/,
    break: () => {
      mapping().state = 'Disabled';
    },
  },
  {
    name: 'an event source mapping that was deleted',
    id: 'function.mapping',
    status: 'FAIL',
    says: /no queue feeds \S*Ingest/,
    break: () => described.mappings.splice(described.mappings.indexOf(mapping()), 1),
  },
  {
    name: 'a reserved concurrency of zero',
    id: 'function.concurrency',
    status: 'FAIL',
    says: /Alert\S* has a reserved concurrency of 0/,
    break: () => described.functions.set(output('AlertFunction'), { reserved: 0 }),
  },
  {
    name: 'a settle function that does not run',
    id: 'settle.runs',
    status: 'FAIL',
    says: /settle has not run for 15 minutes/,
    break: () => {
      described.metrics.delete(`Invocations ${output('SettleFunction')}`);
      return setStack({ created: '2026-01-01T00:00:00Z' })();
    },
  },
  {
    name: 'a schedule of settle that is paused',
    id: 'settle.schedule',
    status: 'FAIL',
    says: /the schedule of settle is DISABLED/,
    break: () => described.rules.set(output('SettleSchedule'), 'DISABLED'),
  },
  {
    name: 'an event bus that was deleted',
    id: 'destination.event-bus',
    status: 'FAIL',
    says: /event bus \S*security: it does not exist/,
    break: () =>
      setStack({
        outputs: { ...stack.cloud.outputs, EventBus: 'arn:aws:events:us-east-1:000000000000:event-bus/security' },
      })(),
  },
  {
    name: 'a destination Security Hub that is not enabled',
    id: 'destination.hub',
    status: 'FAIL',
    says: /Security Hub CSPM is not enabled in us-east-1/,
    break: () => setStack({ outputs: { ...stack.cloud.outputs, SecurityHubQueue: output('AlertQueue') } })(),
  },
  {
    name: 'a log that lags',
    id: 'log.time',
    status: 'warn',
    says: /log 000000000000\/us-east-1\/fl-0a1b2c3d4e5f60718 was read up to 3 h ago/,
    break: () => undefined,
    later: 10_800,
  },
  {
    name: 'logs that ended',
    id: 'log.time',
    status: 'FAIL',
    says: /no log came further than 2 days ago/,
    break: () => undefined,
    later: 172_800,
  },
  {
    name: 'a subscription that nobody confirmed',
    id: 'alert.subscriptions',
    status: 'FAIL',
    says: /email subscription of analyst@example\.com to the alerts is not confirmed/,
    break: () => described.unconfirmed.add('analyst@example.com'),
  },
  {
    name: 'an alarm that fires',
    id: 'alarm.state',
    status: 'FAIL',
    says: /alarm \S*NoRecords\S* is in state ALARM/,
    break: () => {
      const name = [...described.alarms.keys()].find((each) => each.includes('NoRecords'))!;
      described.alarms.set(name, { state: 'ALARM', since: Date.now() / 1000 - 600 });
    },
  },
];

testEach(FAULTS);

test('each check has a fault', () => {
  const ids = [...PIPELINE_CHECKS, ...SIGNAL_CHECKS, ...DESTINATION_CHECKS].map(({ id }) => id);
  // Its fault is a test of deployed.test.ts.
  expect(new Set(FAULTS.map(({ id }) => id))).toEqual(new Set(ids.filter((id) => id !== 'operations.subscriptions')));
});
