-- What is on its way about one alert, found without reading what is on its way about all others.
CREATE INDEX outbox_alert ON outbox(alert, channel) WHERE state = 0;
