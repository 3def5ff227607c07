"""Standard Webhooks (https://www.standardwebhooks.com): signed requests to addresses that users write."""
