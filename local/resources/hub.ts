/** AWS::SecurityHub::Hub. */
import type { CreateResource } from './stack.ts';

/** Enables Security Hub in the account. */
export const createHub: CreateResource = async (_, { hub, region, accountId }) => {
  if (hub?.isEnabled) throw new Error('Account is already subscribed to Security Hub');
  if (hub) hub.isEnabled = true;
  const arn = `arn:aws:securityhub:${region}:${accountId}:hub/default`;
  return {
    physicalId: arn,
    attributes: { ARN: arn },
    remove: async () => {
      if (hub) hub.isEnabled = false;
    },
  };
};
