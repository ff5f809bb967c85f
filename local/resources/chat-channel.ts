/** AWS::Chatbot::SlackChannelConfiguration and AWS::Chatbot::MicrosoftTeamsChannelConfiguration. */
import { listAt, stringAt } from '../template/json.ts';
import type { CreateResource } from './stack.ts';

/** Creates a channel that shows what its topics publish. */
export const createChatChannel: CreateResource = async ({ logicalId, type, properties }, stack) => {
  const name = stringAt(properties.ConfigurationName, 'ConfigurationName');
  const topics = listAt(properties.SnsTopicArns, 'SnsTopicArns').map((arn) => stringAt(arn, 'SnsTopicArns'));
  const arn = `arn:aws:chatbot::${stack.accountId}:chat-configuration/channel/${name}`;
  if (stack.chats === undefined)
    stack.inert.push({ logicalId, type, reason: 'the emulator at the given endpoint shows no chat' });
  const remove = stack.chats?.addChannel(name, topics);
  return { physicalId: arn, attributes: { Arn: arn }, remove: async () => remove?.() };
};
