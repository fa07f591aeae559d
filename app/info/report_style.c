/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: how the report's page looks, in the light and in the dark, on a phone and on a screen.
 * Must not: know what is on it.
 * Called by: report_page.c.
 */

#include "picture.h"
#include "report.h"

/* What is drawn has the colours of the other pictures. */
static const char style[] =
	"<style>\n"
	":root{color-scheme:light dark;--ground:#f6f8fa;--card:#fff;--line:#d1d9e0;--ink:#1f2328;"
	"--quiet:#59636e;--well:#1a7f37;--warn:#9a6700;--mark:#0969da}\n"
	"*{box-sizing:border-box}\n"
	"body{margin:0;background:var(--ground);color:var(--ink);font:14px/1.45 system-ui,-apple-system,"
	"'Segoe UI',Roboto,'Noto Sans',Arial,sans-serif;overflow-wrap:anywhere}\n"
	"main,header,footer{max-width:1240px;margin:0 auto;padding:0 16px}\n"
	"header{padding-top:24px}h1{font-size:24px;line-height:1.25;margin:0 0 4px}\n"
	"h2{font-size:17px;margin:0 0 12px}h3,figcaption{font-size:14px;font-weight:600;margin:16px 0 6px}\n"
	"p{margin:0 0 10px}header p,.note,footer{color:var(--quiet)}.note{font-size:13px}\n"
	"section{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:16px;"
	"margin:16px 0;min-width:0;overflow-x:auto}\n"
	"section>:last-child,figure>:last-child{margin-bottom:0}figure{margin:0;min-width:0}\n"
	"dl{margin:0}dd{margin:0;font-variant-numeric:tabular-nums}\n"
	".tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:12px;margin:16px 0}\n"
	".tiles>div{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:12px 14px}\n"
	".tiles dt{color:var(--quiet);font-size:13px}.tiles dd{font-size:22px;font-weight:600;line-height:1.3}\n"
	".tiles .more{font-size:13px;font-weight:400;color:var(--quiet)}\n"
	".figures{display:grid;grid-template-columns:repeat(auto-fill,minmax(150px,1fr));gap:8px 16px;"
	"margin-bottom:16px}.figures dt{color:var(--quiet);font-size:13px}.figures dd{font-weight:600}\n"
	".pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,420px),1fr));gap:8px 24px}\n"
	".pair>*{min-width:0}\n"
	"svg{display:block}.chart{display:flex}.chart .axis{flex:none}.plot{width:100%;min-width:0}\n"
	".chart .plot{flex:1}.line{fill:none;stroke-width:2px;vector-effect:non-scaling-stroke}\n"
	".line.used{stroke:#0969da}.line.huge{stroke:#1a7f37}.line.edge{stroke:var(--ink);"
	"stroke-dasharray:6 4;stroke-width:1.5px}.none{fill:transparent}.edge{fill:var(--ink)}\n"
	".keys{display:flex;flex-wrap:wrap;gap:4px 16px;color:var(--quiet);font-size:13px}\n"
	".key{display:inline-flex;align-items:center;gap:6px}\n"
	".map{display:grid;grid-template-columns:repeat(auto-fill,minmax(116px,1fr));gap:3px;margin:8px 0 12px}\n"
	".map svg{width:100%;height:auto}\n"
	"table{border-collapse:collapse;width:100%;font-size:13px;font-variant-numeric:tabular-nums}\n"
	"th,td{padding:4px 8px;text-align:right;border-bottom:1px solid var(--line);vertical-align:baseline}\n"
	"th{color:var(--quiet);font-weight:600;white-space:normal;overflow-wrap:normal}tbody tr:last-child td{border-bottom:0}\n"
	"th:first-child,td:first-child{padding-left:0}th:last-child,td:last-child{padding-right:0}\n"
	"td{white-space:nowrap}.text,.stack{text-align:left}td.text{white-space:normal}\n"
	"td.bar{width:30%;vertical-align:middle}.sites td.bar{width:12%}\n"
	"td.stack{white-space:normal;font:12px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,"
	"'Liberation Mono',monospace;color:var(--quiet);width:50%}.caller{color:var(--ink);font-weight:600}\n"
	".advice{margin:0;padding:0;list-style:none}.advice li{border-left:4px solid var(--warn);"
	"padding:2px 0 2px 12px;margin:0 0 10px}.advice li.well{border-color:var(--well)}\n"
	"details{margin-top:8px}summary{cursor:pointer;color:var(--mark);font-size:13px}\n"
	"details table{max-width:420px;margin-top:6px}\n"
	"footer{padding-bottom:32px;font-size:13px}\n"
	"@media (max-width:640px){.wide{display:none}th,td{padding:4px 5px}section{padding:14px 12px}\n"
	"main,header,footer{padding-left:10px;padding-right:10px}td.bar{width:18%}\n"
	/* A call stack below its figures, as wide as there is room. */
	".sites tr{display:grid;grid-template-columns:1fr 1fr;border-bottom:1px solid var(--line)}"
	".sites td,.sites th{border:0}.sites .stack{grid-column:1/-1;width:auto;padding-left:0}"
	".sites tbody tr:last-child{border:0}.sites tr>:first-child{text-align:left}\n"
	".tiles{grid-template-columns:repeat(auto-fit,minmax(140px,1fr));gap:8px}.tiles dd{font-size:19px}}\n"
	"@media (prefers-color-scheme:dark){\n"
	":root{--ground:#0d1117;--card:#151b23;--line:#3d444d;--ink:#f0f6fc;--quiet:#9198a1;--well:#3fb950;"
	"--warn:#d29922;--mark:#4493f8}\n"
	".line.used{stroke:#4493f8}.line.huge{stroke:#3fb950}}\n"
	"@media print{section{break-inside:avoid}}\n"
	"</style>\n";

void
report_style(FILE *file)
{
	draw_style(file);
	fputs(style, file);
}
