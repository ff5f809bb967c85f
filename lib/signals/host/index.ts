/** Logs of hosts: auditd, laurel, Falco, Tetragon, Sysmon, Windows Security and PowerShell, osquery, eslogger. */
export { UNREAD } from './process-event.ts';
export { HostLogReader } from './reader.ts';
