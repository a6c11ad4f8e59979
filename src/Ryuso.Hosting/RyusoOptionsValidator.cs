using Microsoft.Extensions.Options;

namespace Ryuso.Hosting;

/// <summary>Asks the options themselves, when the host starts.</summary>
internal sealed class RyusoOptionsValidator : IValidateOptions<RyusoHostOptions>
{
    public ValidateOptionsResult Validate(string? name, RyusoHostOptions options)
    {
        try
        {
            options.Server.Validate();
            return ValidateOptionsResult.Success;
        }
        catch (Exception exception) when (exception is ArgumentException or FormatException)
        {
            return ValidateOptionsResult.Fail($"The options of '{name}' are wrong: {exception.Message}");
        }
    }
}
