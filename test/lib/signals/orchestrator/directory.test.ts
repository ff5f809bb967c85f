/** Whose an address was, and when. */
import { describe, expect, test } from '@jest/globals';
import { type AuditEvent, deletePod, exec, ledgerOf, podAddress, signalsOf } from '../audit-events.ts';

const NODE = { node: 'ip-10-0-7-10.ec2.internal', instanceId: 'i-0ff2a0c6a833fe1a6', hostIp: '10.0.7.10' };
const at = (time: string) => Date.parse(`2026-11-21T${time}Z`);
const address = (pod: string, time: string, more: Partial<Parameters<typeof podAddress>[1]> = {}) =>
  podAddress(pod, { at: `2026-11-21T${time}Z`, address: '10.0.7.105', ...NODE, ...more });
const gone = (pod: string, time: string) => deletePod(pod, { at: `2026-11-21T${time}Z` });

function directoryOf(events: readonly AuditEvent[]) {
  const ledger = ledgerOf(events);
  ledger.directory.close(ledger.ends);
  return ledger.directory;
}
const names = (events: readonly AuditEvent[], from: string, to = from) =>
  directoryOf(events)
    .at('10.0.7.105', at(from), at(to))
    .map(({ name }) => name);

describe('an address', () => {
  const events = [address('old', '10:00:00'), gone('old', '11:00:00'), address('new', '11:01:00')];

  test('belongs to the pod that had it at that time', () => {
    expect(names(events, '10:30:00')).toEqual(['old']);
    expect(names(events, '11:30:00')).toEqual(['new']);
    expect(names(events, '10:30:00', '11:30:00')).toEqual(['old', 'new']);
  });

  test('belongs to nobody long before', () => {
    expect(names(events, '09:00:00')).toEqual([]);
  });

  test('leads to node and instance, which the identity of the kubelet names', () => {
    expect(directoryOf(events).at('10.0.7.105', at('10:30:00'), at('10:30:00'))).toMatchObject([
      { namespace: 'shop', node: NODE.node, instanceId: NODE.instanceId, uid: 'uid-old', hasHostNetwork: false },
    ]);
  });

  test('of the network of the node names every candidate', () => {
    const shared = ['a', 'b'].map((pod) => address(pod, '10:00:00', { address: '10.0.7.10' }));
    expect(directoryOf(shared).at('10.0.7.10', at('10:30:00'), at('10:30:00'))).toMatchObject([
      { name: 'a', hasHostNetwork: true },
      { name: 'b', hasHostNetwork: true },
    ]);
  });
});

test('the order of events does not matter', () => {
  const events = [
    address('old', '10:00:00'),
    address('old', '10:20:00'),
    gone('old', '11:00:00'),
    address('new', '11:01:00'),
  ];
  for (const order of [events.toReversed(), [events[2]!, events[0]!, events[3]!, events[1]!], [...events, ...events]])
    for (const time of ['10:30:00', '11:30:00']) expect(names(order, time)).toEqual(names(events, time));
});

test('two pods of one name, as those of a StatefulSet, are told apart by uid and time', () => {
  const events = [
    address('db-0', '10:00:00', { uid: 'first', address: '10.0.7.1' }),
    gone('db-0', '11:00:00'),
    address('db-0', '11:00:30', { uid: 'second', address: '10.0.7.2' }),
  ];
  const places = (time: string) =>
    signalsOf([...events, ...exec('db-0', ['bash'], { at: `2026-11-21T${time}Z` })])[0]!.place;
  expect(places('10:30:00')).toMatchObject({ addresses: ['10.0.7.1'], podUid: 'first' });
  expect(places('11:30:00')).toMatchObject({ addresses: ['10.0.7.2'], podUid: 'second' });
});

test('a deleted pod still tells its address, if the log holds the answer', () => {
  const deletion = {
    ...gone('late', '12:00:00'),
    responseObject: {
      kind: 'Pod',
      metadata: { name: 'late', namespace: 'shop', uid: 'u' },
      spec: { nodeName: NODE.node },
      status: { podIP: '10.0.7.105', hostIP: '10.0.7.10', startTime: '2026-11-21T10:00:00Z' },
    },
  };
  expect(names([deletion], '10:30:00')).toEqual(['late']);
});
