/** Runs all cases about the infrastructure in one test file, because loading the CDK takes seconds. */
import './functions.cases.ts';
import './bucket.cases.ts';
import './alarms.cases.ts';
import './signals.cases.ts';
import './destinations.cases.ts';
import './operation.cases.ts';
import './operations.cases.ts';
import './props.cases.ts';
import './look-back.cases.ts';
