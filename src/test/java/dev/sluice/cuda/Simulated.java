package dev.sluice.cuda;

import dev.sluice.TestDevice;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * A test that needs the simulated CUDA device, skipped aloud where there is none. Such tests run in
 * a Java process of their own, since a process that has loaded the simulator has a CUDA engine.
 */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@Tag("simulated")
@ExtendWith(Simulated.Present.class)
@interface Simulated {
  /** Skips what cannot run here. */
  final class Present implements ExecutionCondition {
    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
      return TestDevice.onSimulator(context.getDisplayName());
    }
  }
}
