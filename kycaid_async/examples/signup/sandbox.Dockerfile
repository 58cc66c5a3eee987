FROM python:3.13-slim
RUN pip install --no-cache-dir "kycaid-async[sandbox]"
RUN useradd --create-home sandbox
USER sandbox
EXPOSE 8000
CMD ["python", "-m", "kycaid_async.sandbox", "--host", "0.0.0.0", "--port", "8000"]
