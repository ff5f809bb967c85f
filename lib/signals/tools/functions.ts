/** Functions of PowerShell tools that scan networks. Data only: {@link matchPowerShell} reads it. */

export interface ScriptTool {
  /** The name in findings. */
  readonly name: string;
  /** Where the functions are published. */
  readonly source: string;
  /** Names of functions, lower case. */
  readonly functions: readonly string[];
  /** Options that a call must have, for functions whose name is an ordinary word. */
  readonly options?: readonly string[];
  /** Files that define the functions, lower case. Fetching or loading one is a sign by itself. */
  readonly files?: readonly string[];
  /** A script that must match, and one that must not. */
  readonly example: string;
  readonly counterExample: string;
}

export const SCRIPT_TOOLS: readonly ScriptTool[] = [
  {
    name: 'PowerSploit Invoke-Portscan',
    source: 'https://github.com/PowerShellMafia/PowerSploit/blob/master/Recon/Invoke-Portscan.ps1',
    functions: ['invoke-portscan', 'write-portscanout'],
    files: ['invoke-portscan.ps1'],
    example: 'Invoke-Portscan -Hosts 10.0.12.0/24 -T 4 -TopPorts 25',
    counterExample: 'Get-Help Invoke-Portscan -Examples',
  },
  {
    name: 'Nishang port scan',
    source: 'https://github.com/samratashok/nishang/blob/master/Scan/Invoke-PortScan.ps1',
    functions: [
      'portscan',
      'port-scan',
      'portscan-alive',
      'invoke-portscanner',
      'start-portscan',
      'invoke-pingsweep',
      'invoke-tspingsweep',
    ],
    example: 'Port-Scan -StartAddress 10.0.12.1 -EndAddress 10.0.12.254 -ScanPort',
    counterExample: '# Port-Scan is not for production',
  },
  {
    name: 'Empire network scan',
    source:
      'https://github.com/BC-SECURITY/Empire/tree/main/empire/server/data/module_source/situational_awareness/network',
    functions: [
      'invoke-arpscan',
      'invoke-smbscanner',
      'invoke-netscan',
      'invoke-ipv4portscan',
      'ipv4portscan',
      'ipv4networkscan',
    ],
    example: '1..3 | ForEach-Object { Invoke-ARPScan -CIDR 10.0.$_.0/24 }',
    counterExample: 'Get-Command Invoke-ARPScan',
  },
  {
    name: 'PSnmap',
    source: 'https://github.com/proxb/PowerShell_Scripts',
    functions: [
      'invoke-psnmap',
      'psnmap',
      'invoke-ipv4networkscan',
      'invoke-scannetwork',
      'invoke-eternalbluescan',
      'get-netscan',
    ],
    example: "PSnmap -Cn '10.0.12.0/24' -Port 22,445",
    counterExample: 'Find-Module PSnmap',
  },
  {
    name: 'WinPwn',
    source: 'https://github.com/S3cur3Th1sSh1t/WinPwn',
    functions: ['spoolvulnscan', 'ms17-10', 'bluekeep', 'fruit'],
    options: ['-noninteractive', '-consoleoutput'],
    files: ['winpwn.ps1', 'offline_winpwn.ps1'],
    example: 'fruit -noninteractive -consoleoutput',
    counterExample: "$basket = 'fruit', 'WinPwn.ps1'; fruit",
  },
];
