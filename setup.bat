@echo off
rem What "make report" does, for Windows: sets up what is missing, then makes every page
rem of the newest month. Runs in cmd, in PowerShell (.\setup.bat) and by a double-click.
chcp 65001 >nul
cd /d "%~dp0"
if exist .venv\.ready goto run
py -3 -c "import sys; sys.exit(sys.version_info < (3, 11))" 2>nul
if errorlevel 1 (
  echo 需要Python 3.11或更新的版本：请从python.org安装后再运行，安装时勾选py launcher。
  goto failed
)
echo 第一次运行，先准备环境：要2至6分钟，占约0.7 GB。
echo 1/3 建立虚拟环境.venv …
py -3 -m venv .venv || goto failed
echo 2/3 按requirements.lock安装软件包，逐个核对哈希 …
.venv\Scripts\python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements.lock || goto failed
echo 3/3 安装本项目 …
.venv\Scripts\python -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation -e . || goto failed
type nul > .venv\.ready
echo 环境已就绪。
:run
.venv\Scripts\kpi run latest
if errorlevel 1 goto failed
exit /b 0
:failed
echo 没有完成，原因见上面。
exit /b 1
