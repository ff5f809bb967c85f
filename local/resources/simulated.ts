/** The simulated resource types, each with its creator. */
import { createBucket, createBucketNotifications } from './bucket.ts';
import { createChatChannel } from './chat-channel.ts';
import { createEventSourceMapping, createFunction } from './function.ts';
import { createHub } from './hub.ts';
import { createInvokeConfig } from './invoke-config.ts';
import { createQueue } from './queue.ts';
import { createEventBus, createRule, createSchedule } from './rule.ts';
import type { CreateResource } from './stack.ts';
import { createStateMachine } from './state-machine.ts';
import { createSubscriptionFilter } from './subscription-filter.ts';
import { createTable } from './table.ts';
import { createSubscription, createTopic } from './topic.ts';

/** Creators by CloudFormation type name. */
export const simulatedTypes: Readonly<Record<string, CreateResource>> = {
  'AWS::S3::Bucket': createBucket,
  'Custom::S3BucketNotifications': createBucketNotifications,
  'AWS::SQS::Queue': createQueue,
  'AWS::SNS::Topic': createTopic,
  'AWS::SNS::Subscription': createSubscription,
  'AWS::DynamoDB::Table': createTable,
  'AWS::DynamoDB::GlobalTable': createTable,
  'AWS::Lambda::Function': createFunction,
  'AWS::Lambda::EventSourceMapping': createEventSourceMapping,
  'AWS::Lambda::EventInvokeConfig': createInvokeConfig,
  'AWS::Logs::SubscriptionFilter': createSubscriptionFilter,
  'AWS::Chatbot::SlackChannelConfiguration': createChatChannel,
  'AWS::Chatbot::MicrosoftTeamsChannelConfiguration': createChatChannel,
  'AWS::Events::EventBus': createEventBus,
  'AWS::Events::Rule': createRule,
  'AWS::Scheduler::Schedule': createSchedule,
  'AWS::SecurityHub::Hub': createHub,
  'AWS::StepFunctions::StateMachine': createStateMachine,
};
