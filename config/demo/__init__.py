"""示范中学: a made-up school that fills a new database, so that every page has something believable to show."""
