"""The process: uvicorn, with limits on what clients send, and an end that lets requests finish."""
