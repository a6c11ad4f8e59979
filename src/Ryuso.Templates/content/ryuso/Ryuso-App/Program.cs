using Ryuso;

#if (sqlite)
RyusoServer.Run(args, server => server.UseSqliteJournal("Ryuso-App.ryuso.db"));
#else
RyusoServer.Run(args);
#endif
