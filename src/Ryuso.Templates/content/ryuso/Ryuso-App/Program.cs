using Ryuso;

RyusoServer.Run(args);
