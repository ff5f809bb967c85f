/** The two ends of a transit gateway's record: the VPC of each, and the account that owns it. */
import type { FlowRecord } from '../flowlog/record.ts';

/** The ends, as the kernel numbers them. */
export const SOURCE_END = 1;
export const TARGET_END = 2;

const columnsOf = (side: number) =>
  side === SOURCE_END
    ? ({ vpc: 'tgw-src-vpc-id', account: 'tgw-src-vpc-account-id' } as const)
    : ({ vpc: 'tgw-dst-vpc-id', account: 'tgw-dst-vpc-account-id' } as const);

/** The VPC at an end. If its account is unknown, that of the transit gateway is assumed. */
export function endOf(side: number, text: FlowRecord['text']) {
  const { vpc, account } = columnsOf(side);
  return { vpcId: text(vpc), accountId: text(account) ?? text('account-id') };
}

/** The name of that VPC for the kernel, one character for each byte. Undefined outside any VPC. */
export function vpcName(side: number, text: FlowRecord['text']): string | undefined {
  const name = text(columnsOf(side).vpc);
  return name === undefined ? undefined : Buffer.from(name).toString('latin1');
}
