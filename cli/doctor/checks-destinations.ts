/** Checks of the services that alerts are passed on to. */
import { outputOf } from '../../lib/store/health/facts.ts';
import { type Check, fail, judged, ok, region, skip } from './check.ts';

export const DESTINATION_CHECKS: readonly Check[] = [
  {
    id: 'destination.event-bus',
    permission: 'events:DescribeEventBus',
    anchor: 'doctor',
    judge: (facts) =>
      // EventBridge answers that all is well for a bus that does not exist, and drops the events.
      facts.bus
        ? judged(facts, `event bus ${outputOf(facts, 'EventBus')}`, facts.bus, (name) =>
            ok(`the event bus ${name} exists`),
          )
        : [skip('event bus: not a destination')],
  },
  {
    id: 'destination.hub',
    permission: 'securityhub:DescribeHub',
    anchor: 'securityhubdeadletters',
    judge: (facts) =>
      facts.hub
        ? judged(facts, 'Security Hub', facts.hub, (isEnabled) =>
            isEnabled
              ? ok(`Security Hub CSPM is enabled in ${facts.stack.region}`)
              : fail(
                  `Security Hub CSPM is not enabled in ${facts.stack.region}`,
                  'it accepts no finding, and after five tries each becomes a dead letter. Enable it, then redrive',
                  `aws securityhub describe-hub ${region(facts)}`,
                ),
          )
        : [skip('Security Hub: not a destination')],
  },
];
